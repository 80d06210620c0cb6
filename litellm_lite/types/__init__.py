"""What crosses the library's edge: pydantic models outward (`response`), typed parameters inward (`params`)."""
