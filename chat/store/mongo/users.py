"""Users, their sessions and blocks in MongoDB; sessions and blocks are lists in the user's document."""

import re
from collections.abc import Collection

from bson import ObjectId
from bson.datetime_ms import DatetimeMS
from msgspec import UNSET
from msgspec.structs import asdict, replace
from pymongo import ASCENDING, DESCENDING
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from chat.lib.threads import in_slices
from chat.models.conversation import direct
from chat.models.user import Session, User
from chat.models.values import now
from chat.store.mongo import documents
from chat.store.mongo.connection import Connection, operation
from chat.store.mongo.conversations import change_room
from chat.store.mongo.documents import SESSION, USER, Document
from chat.store.mongo.migrations import IGNORING_CASE
from chat.store.port import AccountChange, ProfileChange

PAGE = 500  # users of a long list that are read in one operation


class MongoUsers:
    """`chat.store.port.Users` in MongoDB."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._users = connection.users
        self._meta = connection.database.meta

    @operation
    def add(self, user: User) -> bool:
        if self._spellings(user.email):
            return False  # the unique index is case-sensitive, and the Express backend stored emails as typed
        try:
            self._users.insert_one(documents.document(user, USER))
        except DuplicateKeyError:
            return False
        return True

    @operation
    def find(self, user_id: str) -> User | None:
        found = self._users.find_one({"_id": ObjectId(user_id)})
        return documents.user(found) if found else None

    @operation
    def find_by_email(self, email: str) -> User | None:
        found = self._spellings(email)
        return next((user for user in found if user.email == email), found[0] if found else None)

    def all(self) -> list[User]:
        users: list[User] = []
        while page := self._page(users[-1].id if users else None):
            users += page
        return users

    @operation
    def _page(self, after: str | None) -> list[User]:
        query: Document = {"_id": {"$gt": ObjectId(after)}} if after else {}
        found = self._users.find(query, {"sessions": 0, "blocked": 0}).sort("_id", ASCENDING).limit(PAGE)
        return [documents.user(document) for document in in_slices(found)]

    @operation
    def search(self, text: str, before: str | None, limit: int) -> list[User]:
        literal = {"$regex": re.escape(text), "$options": "i"}
        query: Document = {"$or": [{"fullName": literal}, {"email": literal}]} if text else {}
        if before:
            query["_id"] = {"$lt": ObjectId(before)}
        found = self._users.find(query, {"sessions": 0, "blocked": 0}).sort("_id", DESCENDING).limit(limit)
        return [documents.user(document) for document in found]

    @operation
    def change_account(self, user_id: str, change: AccountChange) -> User | None:
        wanted = {name: value for name, value in asdict(change).items() if value is not UNSET and name in USER}
        kept = {name: value for name, value in {**wanted, "updated_at": now()}.items() if value is not None}
        update: Document = {"$set": {USER[name].name: USER[name].store(value) for name, value in kept.items()}}
        if gone := {USER[name].name: "" for name, value in wanted.items() if value is None}:
            update["$unset"] = gone
        if change.end_sessions:
            update["$set"]["sessions"] = []
        found = self._users.find_one_and_update({"_id": ObjectId(user_id)}, update)
        count_endings(self._connection.database)
        return documents.user(found) if found else None

    @operation
    def have_picture(self, addresses: Collection[str]) -> bool:
        return self._users.find_one({"profilePic": {"$in": list(addresses)}}, {"_id": 1}) is not None

    @operation
    def set_profile(self, user_id: str, *, full_name: str | None, profile_pic: str | None) -> ProfileChange | None:
        wanted = {"full_name": full_name, "profile_pic": profile_pic, "updated_at": now()}
        changes = {name: value for name, value in wanted.items() if value is not None}
        fields = {USER[name].name: USER[name].store(value) for name, value in changes.items()}
        found = self._users.find_one_and_update({"_id": ObjectId(user_id)}, {"$set": fields})
        if found is None:
            return None
        before = documents.user(found)
        after = replace(before, **changes)
        return ProfileChange(after, (before.profile_pic != after.profile_pic and before.profile_pic) or None)

    @operation
    def set_password(self, user_id: str, *, old_hash: str, new_hash: str, keep_session: str) -> list[Session] | None:
        found = self._users.find_one_and_update(
            {"_id": ObjectId(user_id), "password": old_hash},
            {
                "$set": {"password": new_hash, "updatedAt": DatetimeMS(now())},
                "$pull": {"sessions": {"id": {"$ne": keep_session}}},
            },
        )
        if found is None:
            return None
        return [session for session in documents.user(found).sessions if session.id != keep_session]

    @operation
    def set_email(self, user_id: str, email: str) -> bool:
        if any(user.id != user_id for user in self._spellings(email)):
            return False
        change = {"$set": {"email": email, "updatedAt": DatetimeMS(now())}}
        try:
            return self._users.update_one({"_id": ObjectId(user_id)}, change).matched_count == 1
        except DuplicateKeyError:
            return False

    @operation
    def set_last_seen(self, user_id: str, time: int) -> None:
        self._users.update_one({"_id": ObjectId(user_id)}, {"$set": {"lastSeen": DatetimeMS(time)}})

    @operation
    def remove(self, user_id: str) -> User | None:
        id = ObjectId(user_id)
        found = self._users.find_one_and_delete({"_id": id})
        count_endings(self._connection.database)
        conversations = self._connection.conversations
        for room in list(conversations.find({"members": id, "ownerId": {"$exists": True}}, {"_id": 1})):
            change_room(conversations, room["_id"], lambda room: room.without(user_id))
        # A message that is being appended to one of these was allowed before: now that is decided again.
        conversations.update_many({"members": id}, {"$inc": {"guard": 1}})
        return documents.user(found) if found else None

    @operation
    def begin_session(self, user_id: str, session: Session, *, password_hash: str, keep: int) -> list[Session] | None:
        newest = {"$each": [documents.document(session, SESSION)], "$slice": -keep}
        found = self._users.find_one_and_update(
            {"_id": ObjectId(user_id), "password": password_hash, "deactivatedAt": None},
            {"$push": {"sessions": newest}},
        )
        return [*documents.user(found).sessions, session][:-keep] if found else None

    @operation
    def touch_session(self, user_id: str, session_id: str, time: int) -> None:
        session = {"_id": ObjectId(user_id), "sessions.id": session_id}
        self._users.update_one(session, {"$set": {"sessions.$.lastUsedAt": DatetimeMS(time)}})

    @operation
    def end_sessions(self, user_id: str, session_ids: Collection[str]) -> None:
        ended = {"sessions": {"id": {"$in": list(session_ids)}}}
        self._users.update_one({"_id": ObjectId(user_id)}, {"$pull": ended})

    @operation
    def sessions_alive(self, session_ids: Collection[str]) -> set[str]:
        found = self._users.find({"sessions.id": {"$in": list(session_ids)}}, {"sessions.id": 1})
        return {session["id"] for user in found for session in user["sessions"]}.intersection(session_ids)

    @operation
    def endings(self) -> int:
        found = self._meta.find_one({"_id": "sessions"})
        return int(found["endings"]) if found else 0

    @operation
    def set_blocked(self, user_id: str, other_id: str, blocked: bool) -> None:
        change = "$addToSet" if blocked else "$pull"
        self._users.update_one({"_id": ObjectId(user_id)}, {change: {"blocked": ObjectId(other_id)}})
        if blocked:  # a message that is being appended was allowed before: now that is decided again
            self._connection.conversations.update_one({"_id": direct(user_id, other_id).id}, {"$inc": {"guard": 1}})

    @operation
    def blockers_of(self, user_id: str) -> set[str]:
        return {str(found["_id"]) for found in self._users.find({"blocked": ObjectId(user_id)}, {"_id": 1})}

    @operation
    def blocks_with(self, user_ids: Collection[str]) -> set[tuple[str, str]]:
        ids = list(map(ObjectId, user_ids))
        among = {"$or": [{"_id": {"$in": ids}, "blocked": {"$exists": True}}, {"blocked": {"$in": ids}}]}
        blocks = [
            (str(found["_id"]), str(other))
            for found in self._users.find(among, {"blocked": 1})
            for other in found["blocked"]
        ]
        return {block for block in blocks if not set(block).isdisjoint(user_ids)}

    @operation
    def names(self, user_ids: Collection[str]) -> dict[str, str]:
        found = self._users.find({"_id": {"$in": list(map(ObjectId, user_ids))}}, {"fullName": 1})
        return {str(user["_id"]): user["fullName"] for user in found}

    def _spellings(self, email: str) -> list[User]:
        """The users whose emails differ only in case, lower case first.

        The index compares as people do, for whom "ß" is "ss"; whether two emails are the same is decided here.
        """
        found = self._users.find({"email": email}).collation(IGNORING_CASE)
        users = [user for user in map(documents.user, found) if user.email.lower() == email.lower()]
        return sorted(users, key=lambda user: user.email, reverse=True)


def count_endings(database: Database[Document]) -> None:
    """Let `chat.store.port.Users.endings` grow."""
    database.meta.update_one({"_id": "sessions"}, {"$inc": {"endings": 1}}, upsert=True)
