"""Users, their sessions and blocks in MongoDB; sessions and blocks are lists within the user's document."""

from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from chat.models.user import Session, User
from chat.store.mongo import documents
from chat.store.mongo.connection import IGNORING_CASE, Collections
from chat.store.mongo.documents import SESSION, USER


class Users(Collections):
    """The part of `chat.store.Store` that is about users."""

    def add_user(self, user: User) -> bool:
        if self._spellings(user.email):
            return False  # the unique index tells capitals apart, and the Express backend kept emails as typed
        try:
            self.database.users.insert_one(documents.document(user, USER))
        except DuplicateKeyError:
            return False
        return True

    def find_user(self, user_id: str) -> User | None:
        found = self.database.users.find_one({"_id": ObjectId(user_id)})
        return documents.user(found) if found else None

    def find_user_by_email(self, email: str) -> User | None:
        found = self._spellings(email)
        return next((user for user in found if user.email == email), found[0] if found else None)

    def list_users(self) -> list[User]:
        return [documents.user(found) for found in self.database.users.find({}, {"sessions": 0, "blocked": 0})]

    def update_user(self, user_id: str, **changes: Any) -> User | None:
        found = self.database.users.find_one_and_update(
            {"_id": ObjectId(user_id)},
            {"$set": {USER[name]: value for name, value in changes.items()}},
            return_document=ReturnDocument.AFTER,
        )
        return documents.user(found) if found else None

    def remove_user(self, user_id: str) -> None:
        self.database.users.delete_one({"_id": ObjectId(user_id)})

    def add_session(self, user_id: str, session: Session, keep: int) -> None:
        newest = {"$each": [documents.document(session, SESSION)], "$slice": -keep}
        self.database.users.update_one({"_id": ObjectId(user_id)}, {"$push": {"sessions": newest}})

    def touch_session(self, user_id: str, session_id: str, time: datetime) -> None:
        session = {"_id": ObjectId(user_id), "sessions.id": session_id}
        self.database.users.update_one(session, {"$set": {"sessions.$.lastUsedAt": time}})

    def remove_session(self, user_id: str, session_id: str) -> None:
        self.database.users.update_one({"_id": ObjectId(user_id)}, {"$pull": {"sessions": {"id": session_id}}})

    def set_blocked(self, user_id: str, other_id: str, blocked: bool) -> None:
        change = "$addToSet" if blocked else "$pull"
        self.database.users.update_one({"_id": ObjectId(user_id)}, {change: {"blocked": ObjectId(other_id)}})

    def blockers_of(self, user_id: str) -> set[str]:
        return {str(found["_id"]) for found in self.database.users.find({"blocked": ObjectId(user_id)}, {"_id": 1})}

    def _spellings(self, email: str) -> list[User]:
        """The users whose email differs in capitals alone, lower case first.

        The index compares as people do, where "ß" is "ss"; whether two emails are the same is decided here.
        """
        found = self.database.users.find({"email": email}).collation(IGNORING_CASE)
        users = [user for user in map(documents.user, found) if user.email.lower() == email.lower()]
        return sorted(users, key=lambda user: user.email, reverse=True)
