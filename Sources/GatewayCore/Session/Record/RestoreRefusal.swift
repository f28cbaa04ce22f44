/// Why a gateway does not go on with a recorded session; then nothing of it is there.
package enum RestoreRefusal: Error, Hashable, Sendable {
    /// The client has a session already.
    case clientIsHere
    /// Another client is at its address.
    case addressIsTaken
    /// Every place for a session is taken.
    case noPlace
    /// The client was active in a clean session, and nobody knows where it is.
    case clientCannotBeFound
    /// The rules give the client another identity than the one that it had, or none.
    case otherIdentity
    /// More than the configuration allows, in words.
    case exceedsLimit(String)
    /// No session could be like that, in words.
    case contradiction(String)
}
