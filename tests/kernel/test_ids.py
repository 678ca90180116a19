from bbws.kernel.ids import CROCKFORD, random_id


def test_an_id_has_the_length_asked_for_and_the_alphabet_of_crockford() -> None:
    ids = [random_id(6) for _ in range(500)]
    assert {len(made) for made in ids} == {6}
    assert set("".join(ids)) == set(CROCKFORD)
    assert set("ILOU").isdisjoint(CROCKFORD)


def test_ids_do_not_repeat() -> None:
    assert len({random_id(16) for _ in range(1000)}) == 1000
