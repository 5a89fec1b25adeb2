"""One thread for what is small, and as many as before for all else, however visitors' calls overlap."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import torch

from ssl_core.threads import one_thread


def test_threads_come_back_however_calls_overlap() -> None:
    before, meet = torch.get_num_threads(), Barrier(2, timeout=30)

    def overlap(first: bool) -> int:
        with one_thread():
            meet.wait()
            seen = torch.get_num_threads()
            if not first:
                meet.wait()  # the first has left by then
        if first:
            meet.wait()
        return seen

    torch.set_num_threads(3)
    try:
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(overlap, (True, False))) == [1, 1]
        assert torch.get_num_threads() == 3
        with one_thread(), one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
