import Bytes
package import JSON

extension Description {
    /// The same for programs; `bytes` is what was described.
    package func json(_ bytes: [UInt8], protocol name: String) -> JSONValue {
        var members = [
            JSONValue.Member("protocol", .string(name)),
            JSONValue.Member("octets", .count(bytes.count)),
            JSONValue.Member("words", .string(line)),
            JSONValue.Member("messages", .array(sections.map { json($0, bytes) })),
        ]
        if let fault {
            members.append(
                JSONValue.Member(
                    "fault",
                    .object([
                        "subject": .string(fault.subject), "reason": .string(fault.reason),
                        "offset": .count(fault.offset),
                    ])))
        }
        members.append(JSONValue.Member("remarks", .array(remarks.map(JSONValue.string))))
        members.append(JSONValue.Member("maybe", .array(guesses.map(JSONValue.string))))
        return .object(members)
    }

    private func json(_ section: Section, _ bytes: [UInt8]) -> JSONValue {
        let fields = section.fields.map { field in
            JSONValue.object([
                "name": .string(field.name), "offset": .count(field.range.lowerBound),
                "octets": .string(Hexadecimal.text(bytes[field.range])), "value": .string(field.value),
            ])
        }
        return .object([
            "name": .string(section.title), "offset": .count(section.range.lowerBound),
            "octets": .count(section.range.count), "fields": .array(fields),
        ])
    }
}
