import GatewayCore
import MQTTSN

/// Who may be touched by a datagram: nobody but the client at the place it comes from (GW-89).
///
/// A client may be where it was last told that it is connected, and wherever a CONNECT or a PINGREQ with its name has
/// come from since. A datagram from elsewhere is a stranger's, also where it is the client's own and comes late. What
/// the gateway does while it handles a datagram may reach the sender, and the broker connection of the client that may
/// be there, and nothing else.
struct IsolationChecker {
    private var places: [Set<Int>]
    /// Where strangers have said CONNECT or PINGREQ from, by the name that they gave.
    private var strangerPlaces: [[UInt8]: Set<Int>] = [:]
    private(set) var violation: String?

    init(clientCount: Int) { places = Array(repeating: [], count: clientCount) }

    private mutating func violate(_ text: String) { if violation == nil { violation = text } }

    mutating func gatewayForgot(_ client: Int) { places[client] = [] }

    func mayBe(_ client: Int, at place: Int) -> Bool { places[client].contains(place) }

    /// The gateway is about to hear a datagram of a client.
    mutating func heard(_ message: Message, of client: Int, at place: Int) {
        switch message {
        case .connect: places[client].insert(place)
        case .pingRequest(let name): if !name.isEmpty { places[client].insert(place) }
        default: break
        }
    }

    /// The gateway is about to hear a stranger say who it is. It may have a session of that name elsewhere.
    mutating func strangerHeard(_ clientID: [UInt8], at place: Int) {
        strangerPlaces[clientID, default: []].insert(place)
    }

    /// The gateway has refused a client's CONNECT, as it knows it at another place.
    mutating func isElsewhere(_ client: Int, than place: Int) { places[client].remove(place) }

    /// The gateway says something to a client.
    mutating func said(_ message: Message, to client: Int, at place: Int) {
        if message == .connectAcknowledgement(.accepted) { places[client] = [place] }
    }

    /// A datagram from `sender` makes the gateway speak to `place`.
    mutating func checkSending(to place: Int, _ other: Int?, from sender: Int, _ client: Int?) {
        guard place != sender else { return }
        if other == nil, client == nil,
            strangerPlaces.values.contains(where: { $0.contains(sender) && $0.contains(place) })
        {
            return
        }
        guard let client, other == client, mayBe(client, at: sender) else {
            return violate("what comes from \(sender) makes the gateway speak to \(place)")
        }
    }

    /// A datagram from `sender` makes the gateway do something with the broker connection of `owner`.
    mutating func checkStream(of owner: Int, from sender: Int, _ client: Int?) {
        guard let client, owner == client, mayBe(client, at: sender) else {
            return violate("what comes from \(sender) touches the broker connection of client \(owner)")
        }
    }
}
