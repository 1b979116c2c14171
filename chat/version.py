"""The version of the chat: see CHANGELOG.md for what it promises."""

VERSION = "1.1.0"
