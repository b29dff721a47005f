"""The benchmark: languages and SDKs side by side in one run."""
