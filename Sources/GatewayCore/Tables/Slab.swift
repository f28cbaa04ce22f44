/// A value that can fill an unused place of a slab.
protocol SlabElement {
    /// Holds no memory and no meaning.
    static var vacant: Self { get }
}

/// Values at stable small indices, whose places are used again.
///
/// They lie in pages of one size: a slab that grows moves nothing, and keeps no room for more than a page.
struct Slab<Element: SlabElement> {
    private static var placesPerPage: Int { 32 }

    private var pages: [[Element]] = []
    private var isOccupied: [Bool] = []
    private var free: [UInt32] = []
    /// How many places are occupied.
    private(set) var count = 0

    /// One more than the greatest index ever used; with `contains`, the way to visit all in a fixed order.
    var endIndex: UInt32 { UInt32(isOccupied.count) }

    func contains(_ index: UInt32) -> Bool { Int(index) < isOccupied.count && isOccupied[Int(index)] }

    mutating func insert(_ element: consuming Element) -> UInt32 {
        let index = occupy()
        self[index] = element
        return index
    }

    /// A place whose element is still vacant; what is large is best filled where it lies.
    mutating func occupy() -> UInt32 {
        count += 1
        let index = free.popLast() ?? addPlace()
        isOccupied[Int(index)] = true
        return index
    }

    private mutating func addPlace() -> UInt32 {
        let index = isOccupied.count
        if index % Self.placesPerPage == 0 {
            pages.append(Array(repeating: .vacant, count: Self.placesPerPage))
        }
        isOccupied.append(false)
        return UInt32(index)
    }

    mutating func remove(_ index: UInt32) {
        precondition(contains(index), "a place is emptied once")
        self[index] = .vacant
        isOccupied[Int(index)] = false
        free.append(index)
        count -= 1
    }

    subscript(_ index: UInt32) -> Element {
        _read { yield pages[Int(index) / Self.placesPerPage][Int(index) % Self.placesPerPage] }
        _modify { yield &pages[Int(index) / Self.placesPerPage][Int(index) % Self.placesPerPage] }
    }
}
