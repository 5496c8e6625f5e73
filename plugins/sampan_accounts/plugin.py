"""Where sampan_accounts meets the platform."""
