/// Sessions in the order in which the same befell them, such as that their clients left, each at most once.
struct SessionOrder {
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

    /// The one that is here longest of those that are wanted.
    func first(where isWanted: (SessionIndex) -> Bool) -> SessionIndex? {
        for index in first..<order.count where position[order[index]] == forgottenCount + index {
            if isWanted(order[index]) { return order[index] }
        }
        return nil
    }

    /// All of them, in their order.
    var all: [SessionIndex] {
        order.indices.filter { position[order[$0]] == forgottenCount + $0 }.map { order[$0] }
    }

    /// The one that is here longest; nil where none is.
    var oldest: SessionIndex? {
        mutating get {
            while first < order.count {
                let session = order[first]
                if position[session] == forgottenCount + first { return session }
                first += 1
                compact()
            }
            return nil
        }
    }

    /// Takes the one that is here longest.
    mutating func takeOldest() -> SessionIndex? {
        guard let session = oldest else { return nil }
        remove(session)
        return session
    }

    /// Drops what is past or stale once that is most of the list, so that the list stays as short as its sessions.
    private mutating func compact() {
        guard order.count > 64, order.count > position.count * 2 else { return }
        var kept = 0
        for index in first..<order.count where position[order[index]] == forgottenCount + index {
            position[order[index]] = kept
            order[kept] = order[index]
            kept += 1
        }
        // In place, as a list that is emptied all the time would be allocated anew all the time.
        order.removeLast(order.count - kept)
        first = 0
        forgottenCount = 0
    }
}
