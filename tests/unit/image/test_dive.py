"""Efficiency and waste by the definitions of dive, on its own fixture and clause by clause."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stagelab.image.waste import waste

from .archives import docker_archive, file, folder, hardlink, opaque, opened, tar, whiteout

if TYPE_CHECKING:
    from stagelab.image.waste import Waste

FIXTURE = Path(__file__).parents[2] / "data" / "images" / "dive-test-docker-image.tar"


def test_the_fixture_gives_the_numbers_that_dive_expects_of_it() -> None:
    stacked = opened(FIXTURE)
    found = waste(stacked)
    assert sum(layer.size_bytes for layer in stacked.layers) == 1_220_598
    assert found.user_bytes == 66_237
    assert found.wasted_bytes == 32_025
    # quotients of two integers, so that equality is exact
    assert found.efficiency == 0.9844212134184309
    assert found.wasted_share == 0.4834911001404049


def weigh(tmp_path: Path, *layers: list[tuple[object, bytes]]) -> Waste:
    raw = docker_archive([tar(members) for members in layers])  # type: ignore[arg-type]
    return waste(opened(tmp_path / "image.tar", raw))


def test_an_image_without_bytes_is_efficient(tmp_path: Path) -> None:
    found = weigh(tmp_path, [folder("a")], [file("b")])
    assert (found.efficiency, found.wasted_bytes, found.user_bytes) == (1.0, 0, 0)
    assert found.wasted_share == 0.0


def test_each_path_once_is_no_waste(tmp_path: Path) -> None:
    found = weigh(tmp_path, [file("a", b"1" * 70)], [file("b", b"2" * 30)])
    assert (found.efficiency, found.wasted_bytes, found.user_bytes) == (1.0, 0, 30)


def test_every_copy_counts_and_the_smallest_is_what_it_takes(tmp_path: Path) -> None:
    found = weigh(tmp_path, [file("a", b"1" * 70)], [file("a", b"2" * 20)], [file("a", b"3" * 10)])
    assert found.wasted_bytes == 100
    assert found.efficiency == 10 / 100
    assert found.wasted_share == 100 / 30
    assert found.reclaimable_bytes == 90  # what there is to save is less


def test_a_removed_file_counts_nothing_so_all_of_it_is_waste(tmp_path: Path) -> None:
    found = weigh(tmp_path, [file("d/a", b"1" * 60), file("b", b"1" * 40)], [whiteout("d/a")])
    assert (found.wasted_bytes, found.efficiency) == (60, 40 / 100)


def test_a_removed_folder_counts_what_lay_in_it_and_is_no_waste(tmp_path: Path) -> None:
    found = weigh(
        tmp_path,
        [folder("d"), file("d/a", b"1" * 60), folder("d/e"), file("d/e/b", b"1" * 30)],
        [file("d/a", b"2" * 10)],
        [whiteout("d")],
    )
    # the folder as it was: 10 + 30; the file that was there twice: 60 + 10
    assert (found.wasted_bytes, found.efficiency) == (70, (10 + 30 + 40) / (70 + 30 + 40))
    assert found.reclaimable_bytes == 100


def test_a_folder_that_was_empty_first_is_a_path_like_others(tmp_path: Path) -> None:
    found = weigh(tmp_path, [folder("d")], [folder("d"), file("d/a", b"1" * 60)], [whiteout("d")])
    assert (found.wasted_bytes, found.efficiency) == (60, 60 / 120)


def test_a_folder_in_a_removed_folder_is_counted_in_both(tmp_path: Path) -> None:
    found = weigh(
        tmp_path,
        [folder("d"), folder("d/e"), file("d/e/a", b"1" * 60), file("d/b", b"1" * 5)],
        [whiteout("d/e"), whiteout("d")],
    )
    # each is a path of its own, there once, though the files in the inner one count in both
    assert (found.wasted_bytes, found.efficiency) == (0, 1.0)
    found = weigh(
        tmp_path,
        [folder("d"), folder("d/e"), file("d/e/a", b"1" * 60), file("d/b", b"1" * 5)],
        [whiteout("d/e")],
        [file("c", b"1" * 15)],
        [whiteout("d")],
    )
    assert found.efficiency == 1.0
    assert found.reclaimable_bytes == 65


def test_a_folder_removed_twice_is_counted_as_it_was_each_time(tmp_path: Path) -> None:
    found = weigh(
        tmp_path,
        [folder("d"), file("d/a", b"1" * 60)],
        [whiteout("d")],
        [folder("d"), file("d/b", b"1" * 30)],
        [whiteout("d")],
    )
    assert (found.wasted_bytes, found.efficiency) == (90, (60 + 30 + 30) / (60 + 30 + 90))


def test_a_removal_of_what_never_was_counts_nothing(tmp_path: Path) -> None:
    found = weigh(tmp_path, [file("a", b"1" * 60)], [whiteout("none"), whiteout("a/none")])
    assert (found.wasted_bytes, found.efficiency) == (0, 1.0)


def test_folders_with_something_below_them_are_left_out(tmp_path: Path) -> None:
    found = weigh(tmp_path, [folder("d"), file("d/a", b"1" * 9)], [folder("d"), file("d/b", b"1")])
    assert (found.wasted_bytes, found.efficiency) == (0, 1.0)


def test_an_opaque_whiteout_hides_nothing(tmp_path: Path) -> None:
    found = weigh(
        tmp_path, [folder("d"), file("d/a", b"1" * 9)], [folder("d"), opaque("d")], [whiteout("d")]
    )
    # all of d lies in its third layer's removal; as a path it was there empty, once
    assert (found.wasted_bytes, found.efficiency) == (9, 9 / 18)
    assert found.reclaimable_bytes == 9


def test_further_names_of_a_file_have_no_bytes(tmp_path: Path) -> None:
    found = weigh(tmp_path, [file("a", b"1" * 60), hardlink("b", "a")], [file("b", b"1" * 40)])
    assert (found.wasted_bytes, found.efficiency) == (40, 60 / 100)


def test_a_file_written_where_it_is_removed_was_there_twice(tmp_path: Path) -> None:
    found = weigh(tmp_path, [file("c", b"1")], [whiteout("a"), file("a", b"1" * 9)])
    assert (found.wasted_bytes, found.efficiency) == (9, 1 / 10)
