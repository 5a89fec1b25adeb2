"""The mathematics and the engine of SSL Explorer. Imports neither gradio nor plotly nor ssl_ui."""

import os

# Torch's threads wait for each other by spinning. Beside a browser that draws, whoever spins keeps the other
# from working: steps were measured four times slower and more. It is read when torch is first imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
