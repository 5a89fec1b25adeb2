"""What self-supervised learning does, in one picture, and where to begin."""

from functools import partial

import gradio as gr
import torch
from jaxtyping import UInt8
from torch import Tensor

from ssl_core.augmentations import RECIPES
from ssl_core.datasets import DATASETS
from ssl_core.device import describe, pick
from ssl_ui import pipeline
from ssl_ui.context import Context, Frame
from ssl_ui.handlers import LIVE, guarded
from ssl_ui.i18n import t

TITLE = "Overview"

QUESTION = "Training uses pairs, so how is it tested?"
ANSWER = (
    "Training never sees a label. It makes two views of a picture and asks that their embeddings z agree, "
    "and differ from those of other pictures. Then the head g has done its work and is **thrown away**: it "
    "drops what the two views do not share, and other tasks may need. **Kept** is the encoder f.\n\n"
    "To test f, freeze it. Every picture, not augmented, becomes a feature vector h. **kNN**: do the "
    "nearest training pictures have its class? **Linear probe**: can one linear layer, trained on h with "
    "labels, name the class? Both measure how well h sorts pictures by names it was never told.\n\n"
    "There is a validation set as well: some training pictures are held out to compare runs on, so that the "
    "test pictures are looked at only in the end."
)
STARTS = {
    "augmentations": ("Make two views", "What do two views of a picture still share, and what is gone?"),
    "loss": ("Take the loss apart", "Drag a point, press → from stage to stage, then lower the temperature."),
    "train": ("Train 2 minutes", "SimCLR on drawn shapes. Then leave colour alone, and see it fail."),
    "embedding": ("Look for clusters", "The same pictures before and after training, coloured by class."),
}


def build(context: Context, frame: Frame) -> None:
    """Lay out the tab."""
    picture = gr.HTML(pipeline.draw(), apply_default_css=False)
    gr.Markdown(f"## {t('Start here')}")
    with gr.Row(elem_classes="starts"):
        for name, (title, note) in STARTS.items():
            with gr.Column(min_width=180):
                button = gr.Button(t(title), variant="primary", size="md", elem_id=f"start-{name}")
                gr.Markdown(t(note))
            button.click(partial(gr.Tabs, selected=name), None, frame.tabs, **LIVE)
    with gr.Row():
        with gr.Column(scale=3, min_width=420):
            gr.Markdown(f"## {t(QUESTION)}\n\n{t(ANSWER)}")
        with gr.Column(scale=2, min_width=300):
            gr.Markdown(f"## {t('On this machine')}")
            here = gr.Markdown()
    frame.blocks.load(guarded(partial(_with_data, context)), None, [picture, here], **LIVE)


def _with_data(context: Context) -> tuple[str, str]:
    """The pipeline with real pictures in it, and a line on data and device."""
    name = context.default_source()
    data = context.pictures(name)
    recipe = RECIPES["shapes" if name == "shapes" else "simclr"].fit(data.size, data.mean, data.std)
    image, generator = _colourful(data.train.images), torch.Generator().manual_seed(4)
    first, second = (recipe.trace(image, generator)[-1].image.mul(255).round().byte() for _ in range(2))
    shown = [picture.permute(1, 2, 0).numpy() for picture in (image, first, second)]
    test = _colourful(data.test.images).permute(1, 2, 0).numpy()
    facts = t(
        "**Pictures:** {title}, {train:,} to train on and {test:,} to test on, {size}×{size} pixels, "
        "{classes} classes.\n\n**Device:** {device}.",
        title=data.title,
        train=len(data.train),
        test=len(data.test),
        size=data.size,
        classes=len(data.classes),
        device=describe(pick()),
    )
    if name not in ("cifar10", "folder"):
        facts += f"\n\n{t('**For CIFAR-10:**')} {t(DATASETS['cifar10'].about)}"
    return pipeline.draw(shown[0], (shown[1], shown[2]), test), facts


def _colourful(images: UInt8[Tensor, "n 3 h w"]) -> UInt8[Tensor, "3 h w"]:
    """Of a hundred pictures the most colourful, so that one sees what jitter does to it."""
    some = images[:: max(1, len(images) // 100)]
    return some[some.float().std(1).mean((1, 2)).argmax()]
