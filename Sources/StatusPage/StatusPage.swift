/// The page that shows what the gateway does, as a browser gets it: `page.html`, with all its style and script.
package enum StatusPage {
    package static let bytes = PackageResources.page_html

    /// What stands between `<script>` and `</script>`, and the same of the style, for the hashes by which a browser
    /// knows them; each stands in the page once.
    package static func content(of element: String) -> ArraySlice<UInt8> {
        let begin = Array("<\(element)>".utf8)
        let end = Array("</\(element)>".utf8)
        guard let start = firstIndex(of: begin, from: 0).map({ $0 + begin.count }),
            let stop = firstIndex(of: end, from: start)
        else { return [] }
        return bytes[start..<stop]
    }

    private static func firstIndex(of text: [UInt8], from start: Int) -> Int? {
        (start...max(start, bytes.count - text.count)).first { bytes[$0...].starts(with: text) }
    }
}
