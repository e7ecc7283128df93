# SPDX-License-Identifier: BSD-2-Clause
"""Links for tests that move a guest, and files for those that write one."""

import pytest

from link import Proxy, Store


@pytest.fixture
def proxy(tmp_path):
    made = Proxy(str(tmp_path))
    yield made
    made.close()
    made.check()


@pytest.fixture
def store(tmp_path):
    made = Store(str(tmp_path))
    yield made
    made.close()
