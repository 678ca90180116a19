"""The only place that chooses engines and wires ports: composition roots of server, functions, commands and tests."""
