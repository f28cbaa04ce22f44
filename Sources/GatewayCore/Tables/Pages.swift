/// Values one behind the other that grow by pages of one size: growing moves nothing, takes no longer with many than
/// with few, and leaves no more than a page unused.
struct Pages<Element> {
    /// The size of a page as a power of two, so that a value is found without a division.
    private let shift: Int
    private var pages: [[Element]] = []
    private(set) var count = 0

    /// - Parameter shift: a page has 2 to the power of this many values.
    init(ofTwoToThe shift: Int) { self.shift = shift }

    var indices: Range<Int> { 0..<count }

    mutating func append(_ element: Element) {
        if count == pages.count << shift {
            pages.append([])
            pages[pages.count - 1].reserveCapacity(1 << shift)
        }
        pages[count >> shift].append(element)
        count += 1
    }

    @inline(__always)
    private func offset(_ index: Int) -> Int { index & (1 << shift &- 1) }

    subscript(_ index: Int) -> Element {
        @inline(__always) _read { yield pages[index &>> shift][offset(index)] }
        @inline(__always) _modify { yield &pages[index &>> shift][offset(index)] }
    }
}
