/// Sessions or clients in the order in which the same befell them, such as that they left, each at most once.
struct ArrivalOrder<Element: Hashable> {
    private var order: [Element] = []
    private var first = 0
    /// The position of each in `order`, counted from the beginning of time; stale entries do not match it.
    private var position: [Element: Int] = [:]
    private var forgottenCount = 0

    var count: Int { position.count }

    mutating func append(_ element: Element) {
        position[element] = forgottenCount + order.count
        order.append(element)
        compact()
    }

    mutating func remove(_ element: Element) {
        if !position.isEmpty { position[element] = nil }
    }

    func contains(_ element: Element) -> Bool { !position.isEmpty && position[element] != nil }

    /// The one that is here longest of those that are wanted.
    func first(where isWanted: (Element) -> Bool) -> Element? {
        for index in first..<order.count where position[order[index]] == forgottenCount + index {
            if isWanted(order[index]) { return order[index] }
        }
        return nil
    }

    /// All of them, in their order.
    var all: [Element] {
        order.indices.filter { position[order[$0]] == forgottenCount + $0 }.map { order[$0] }
    }

    /// The one that is here longest; nil where none is.
    var oldest: Element? {
        mutating get {
            while first < order.count {
                let element = order[first]
                if position[element] == forgottenCount + first { return element }
                first += 1
                compact()
            }
            return nil
        }
    }

    /// Takes the one that is here longest.
    mutating func takeOldest() -> Element? {
        guard let element = oldest else { return nil }
        remove(element)
        return element
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
