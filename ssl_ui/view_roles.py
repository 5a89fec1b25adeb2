"""What a recipe's views are called, how many there are at first, and what its method does with them."""

from dataclasses import dataclass

from ssl_ui.i18n import t


@dataclass(frozen=True)
class Roles:
    """The parts that views play. A view beyond the `names` is called by its number.

    `paths` say what the views in `names` go through, `together` what all are for. With `by_class`, views of
    other pictures of the class are positives too.
    """

    count: int = 2
    called: str = "View {number}"
    names: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    together: str = (
        "Every view goes through the same encoder. Training pulls the views of one picture together."
    )
    by_class: bool = False

    def name(self, k: int) -> str:
        """What view k is called, in the page's language."""
        return t(self.names[k]) if k < len(self.names) else t(self.called, number=k + 1)

    def path(self, k: int) -> str:
        """What view k goes through, where that differs from view to view; else ""."""
        return t(self.paths[k]) if k < len(self.paths) else ""


MOCO = Roles(
    names=("Query", "Key"),
    paths=(
        "goes through the encoder that learns by gradient",
        "goes through its slow copy, without gradient, then into the queue",
    ),
    together="The query must find its own key among the older keys in the queue, which are of other "
    "pictures. In the symmetric form the two views then swap parts. MoCo takes two views and no more.",
)
ROLES: dict[str, Roles] = {
    "moco_v1": MOCO,
    "moco_v2": MOCO,
    "sup_con": Roles(
        together="Every view goes through the same encoder. Training pulls together all views of all "
        "pictures of one class.",
        by_class=True,
    ),
    "emp_ssl": Roles(
        count=8,
        called="Patch {number}",
        together="Every patch goes through the same encoder. Training pulls each towards the mean of its "
        "picture's patches, and spreads the pictures by their coding rate. The paper trains with 20 or 200.",
    ),
}


def roles(recipe: str) -> Roles:
    """The parts that the views of this recipe play."""
    return ROLES.get(recipe, Roles())
