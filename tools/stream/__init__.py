# SPDX-License-Identifier: BSD-2-Clause
"""Readers, rules and makers of the migration stream, for tools/cleave-stream and the tests."""
