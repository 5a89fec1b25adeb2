"""The tabs in the order of the page. A tab is one module with TITLE and build(context, frame), and one line.

The key is the tab's id: `gr.Tabs(selected="train")` opens it.
"""

from types import ModuleType

from ssl_ui.tabs import (
    augmentations,
    break_it,
    coding_rate,
    compare,
    embedding,
    evaluate,
    finetune,
    loss_lab,
    moco,
    overview,
    similarity,
    train,
)

TABS: dict[str, ModuleType] = {
    "overview": overview,
    "augmentations": augmentations,
    "loss": loss_lab,
    "coding_rate": coding_rate,
    "similarity": similarity,
    "moco": moco,
    "train": train,
    "break_it": break_it,
    "embedding": embedding,
    "evaluate": evaluate,
    "compare": compare,
    "finetune": finetune,
}
