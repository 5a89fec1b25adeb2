"""The mathematics and the engine of SSL Explorer. Imports neither gradio nor plotly nor ssl_ui."""
