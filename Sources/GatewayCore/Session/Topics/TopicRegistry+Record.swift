import MQTTSN
import Time

// What a recorded registry must keep to, and its octets.

extension TopicRegistry.Record {
    /// What a registry could not be; nil where it could.
    var fault: String? {
        if Set(all.map(\.id)).count != all.count { return "an id stands for two names" }
        if Set(all.map(\.name)).count != all.count { return "a name has two ids" }
        let trackedCount = all.count { $0.unusedFor != nil }
        if trackedCount != 0 && trackedCount != all.count { return "the use of some ids is tracked" }
        return all.lazy.compactMap(\.fault).first
    }
}

extension TopicRegistry.Record.Name {
    fileprivate var fault: String? {
        if id == 0 || id == 0xFFFF { return "a reserved id is given" }
        if !TopicRules.isName(name.span.bytes) { return "an id stands for what is no name" }
        if unusedFor == nil, !marks.contains(.asked) { return "the use of given ids is not tracked" }
        if standing == .known || standing == .assumed, !marks.contains(.told) { return "an untold id is known" }
        return standing == .assumed && marks.contains(.denied) ? "a denied id is assumed" : nil
    }
}

extension TopicRegistry.Standing: RecordPart {}

extension TopicRegistry.Record: RecordPart {
    func write(to bytes: inout [UInt8]) { all.write(to: &bytes) }
    init(from reader: inout RecordReader) throws(SessionRecordError) { all = try reader.next() }
}

extension TopicRegistry.Record.Name: RecordPart {
    func write(to bytes: inout [UInt8]) { bytes.write(name, id, standing, marks.rawValue, unusedFor) }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        name = try reader.next()
        id = try reader.next()
        standing = try reader.next()
        marks = TopicRegistry.Marks(rawValue: try reader.next { $0 <= 7 })
        unusedFor = try reader.next()
    }
}
