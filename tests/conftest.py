"""Policy of every test run; fixtures live beside the tests that use them."""

from hypothesis import HealthCheck, settings

# A busy machine is slow, not wrong: no test is timed. With CI set, Hypothesis itself makes runs repeatable.
settings.register_profile("bbws", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("bbws")
