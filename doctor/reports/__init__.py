"""Findings as documents for programs: JSON, SARIF and JUnit. Pure: data in, data or text out."""
