/// The head of what a server of HTTP/1.1 answers to a request of ours (RFC 9112 §4); its content is not looked at.
package struct HTTPAnswer: Equatable, Sendable {
    /// 100…599.
    package var status: UInt16

    /// The words after the status, as they came: any octets that may stand in a head.
    package var reason: [UInt8]

    /// The header fields in their order, their names in lower case and their values without blanks around them.
    package var fields: [Field]

    /// One `Name: value`.
    package struct Field: Equatable, Sendable {
        package var name: String
        package var value: [UInt8]

        package init(name: String, value: [UInt8]) { (self.name, self.value) = (name, value) }
    }

    package init(status: UInt16, reason: [UInt8], fields: [Field] = []) {
        (self.status, self.reason, self.fields) = (status, reason, fields)
    }

    /// The values of all fields called `name`, in lower case.
    package func values(of name: String) -> [[UInt8]] { fields.filter { $0.name == name }.map(\.value) }

    /// The elements of the list that the fields called `name` are together (RFC 9110 §5.6.1).
    package func elements(of name: String) -> [[UInt8]] {
        values(of: name).flatMap { value in
            value.split(separator: UInt8(ascii: ",")).map { Array(trimmed($0)) }.filter { !$0.isEmpty }
        }
    }

    /// Whether that list has `token`, whose case does not matter.
    package func lists(_ token: String, in name: String) -> Bool {
        elements(of: name).contains { String(decoding: $0, as: UTF8.self).lowercased() == token }
    }
}
