/// A cell of the exchange table: what was said, and how far the client was.
package struct UplinkCell: Hashable, Sendable {
    package enum Row: UInt8, Hashable, Sendable, CaseIterable {
        case publishedSame, publishedOther, publishedOtherDuplicate, released, acknowledged, received, completed
    }

    package enum Column: UInt8, Hashable, Sendable, CaseIterable {
        case none, waiting, told, released, gone, finished, refused
    }

    package var row: Row
    package var column: Column

    init(_ row: Row, _ client: UplinkExchange.ClientEnd) {
        self.row = row
        switch client {
        case .waiting: column = .waiting
        case .told: column = .told
        case .released: column = .released
        case .gone: column = .gone
        }
    }

    init(_ row: Row, _ end: EndedExchanges.End?) {
        self.row = row
        switch end {
        case nil: column = .none
        case .finished: column = .finished
        case .refused, .denied: column = .refused
        }
    }

    package init(row: Row, column: Column) { (self.row, self.column) = (row, column) }

    /// Its place in a list of all cells, and how many those are.
    package var index: Int { Int(row.rawValue) * Column.allCases.count + Int(column.rawValue) }
    package static let count = Row.allCases.count * Column.allCases.count
}
