/// A value that can fill an unused place of a slab.
protocol SlabElement {
    /// Holds no memory and no meaning.
    static var vacant: Self { get }
}

/// Values at stable small indices, whose places are used again.
struct Slab<Element: SlabElement> {
    private var places: [Element] = []
    private var isOccupied: [Bool] = []
    private var free: [UInt32] = []
    /// How many places are occupied.
    private(set) var count = 0

    /// One more than the greatest index ever used; with `contains`, the way to visit all in a fixed order.
    var endIndex: UInt32 { UInt32(places.count) }

    func contains(_ index: UInt32) -> Bool { Int(index) < isOccupied.count && isOccupied[Int(index)] }

    mutating func insert(_ element: consuming Element) -> UInt32 {
        count += 1
        if let index = free.popLast() {
            places[Int(index)] = element
            isOccupied[Int(index)] = true
            return index
        }
        places.append(element)
        isOccupied.append(true)
        return UInt32(places.count - 1)
    }

    mutating func remove(_ index: UInt32) {
        precondition(contains(index), "a place is emptied once")
        places[Int(index)] = .vacant
        isOccupied[Int(index)] = false
        free.append(index)
        count -= 1
    }

    subscript(_ index: UInt32) -> Element {
        _read { yield places[Int(index)] }
        _modify { yield &places[Int(index)] }
    }
}
