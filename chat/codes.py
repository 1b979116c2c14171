"""Every code that a failure can have, in one table: its HTTP status, and what it means."""

CODES: dict[str, tuple[int, str]] = {
    "bad_request": (400, "The input is not what this takes; the message says what is wrong."),
    "bad_image": (400, "The image is not one that is taken; the message says why."),
    "invalid_credentials": (400, "The email or the password is wrong."),
    "user_exists": (400, "An account with this email exists already."),
    "no_token": (401, "Nobody is logged in."),
    "invalid_token": (401, "The login is not valid, has run out, or has been ended: log in again."),
    "blocked": (403, "This person does not take messages from you."),
    "cross_site": (403, "A page of another site may not do this."),
    "not_a_member": (403, "Join this room first."),
    "not_the_owner": (403, "The owner of the room alone may do this."),
    "not_found": (404, "There is no such thing, or it is not yours to see."),
    "user_not_found": (404, "The account that is logged in is gone."),
    "method_not_allowed": (405, "This address does not take that method."),
    "client_id_reused": (409, "This `clientId` was used for another message."),
    "not_migrated": (409, "Another backend wrote this message: the server's owner has to run `flask migrate`."),
    "too_large": (413, "The request is too large."),
    "not_json": (415, "Send JSON, with `Content-Type: application/json`."),
    "rate_limited": (429, "Too often: wait for as many seconds as `Retry-After` says."),
    "internal_error": (500, "Something went wrong on the server's side."),
    "database_unavailable": (503, "The database cannot be reached; try again soon."),
    "image_store_unavailable": (503, "Images cannot be kept right now, and nothing was; try again soon."),
    "redis_unavailable": (503, "Redis cannot be reached."),
}

# The codes that come with what a route is, beside those it declares.
ALWAYS = ("internal_error",)
CHANGING = ("cross_site",)
GUARDED = ("no_token", "invalid_token", "user_not_found", "rate_limited", "database_unavailable")
WITH_ID = ("bad_request", "not_found")
WITH_QUERY = ("bad_request",)
WITH_BODY = ("bad_request", "too_large", "not_json", "rate_limited", "database_unavailable")
WITH_TOKEN = ("invalid_token",)
