"""The tabs in the order of the page. A tab is one module with TITLE and build(context, frame), and one line.

The key is the tab's id: `gr.Tabs(selected="train")` opens it.
"""

from types import ModuleType

from ssl_ui.tabs import augmentations, coding_rate, embedding, loss_steps, overview, similarity, train

TABS: dict[str, ModuleType] = {
    "overview": overview,
    "augmentations": augmentations,
    "loss": loss_steps,
    "coding_rate": coding_rate,
    "similarity": similarity,
    "train": train,
    "embedding": embedding,
}
