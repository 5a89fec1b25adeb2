"""The Gradio face of SSL Explorer: controls, figures and tabs. No formula and no training loop lives here."""
