"""The Gradio face of SSL Explorer: controls, figures and tabs. No formula and no training loop lives here."""

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # Gradio would tell its makers of every start
