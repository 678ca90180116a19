"""What the workflows in ``.github/workflows`` do to AWS: gates, artefacts, releases, smoke tests and their records.

Run as ``python -m infra.pipeline COMMAND``; ``--help`` lists the commands. Decision record 0015 has the reasons.
"""
