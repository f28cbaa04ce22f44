/// Sessions of absent clients in the order in which the clients left, each at most once.
struct RememberedSessions {
    private var order: [SessionIndex] = []
    private var first = 0
    /// The position of a session in `order`, counted from the beginning of time; stale entries do not match it.
    private var position: [SessionIndex: Int] = [:]
    private var forgottenCount = 0

    var count: Int { position.count }

    mutating func append(_ session: SessionIndex) {
        position[session] = forgottenCount + order.count
        order.append(session)
        compact()
    }

    mutating func remove(_ session: SessionIndex) {
        position[session] = nil
    }

    func contains(_ session: SessionIndex) -> Bool { position[session] != nil }

    /// All of them, in their order.
    var all: [SessionIndex] {
        order.indices.filter { position[order[$0]] == forgottenCount + $0 }.map { order[$0] }
    }

    /// Takes the session whose client has been away longest.
    mutating func takeOldest() -> SessionIndex? {
        while first < order.count {
            let session = order[first]
            let isCurrent = position[session] == forgottenCount + first
            first += 1
            compact()
            if isCurrent {
                position[session] = nil
                return session
            }
        }
        return nil
    }

    /// Drops what is past or stale once that is most of the list, so that the list stays as short as its sessions.
    private mutating func compact() {
        guard order.count > 64, order.count > position.count * 2 else { return }
        var current: [SessionIndex] = []
        for index in first..<order.count where position[order[index]] == forgottenCount + index {
            position[order[index]] = current.count
            current.append(order[index])
        }
        order = current
        first = 0
        forgottenCount = 0
    }
}
