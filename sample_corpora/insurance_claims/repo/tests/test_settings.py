from claimsdesk.settings import find_faults, load_settings


def test_the_settings_in_use_break_no_adr() -> None:
    assert find_faults(load_settings()) == []


def test_a_model_without_a_date_is_a_fault() -> None:
    settings = load_settings()
    settings["model"]["id"] = "gpt-4.1-mini"
    assert find_faults(settings) == ["model.id must carry a date (ADR 0001)"]


def test_a_cache_is_a_fault_in_the_pilot() -> None:
    settings = load_settings()
    settings["cache"]["enabled"] = True
    assert find_faults(settings) == ["cache.enabled must be false in the pilot (ADR 0006)"]
