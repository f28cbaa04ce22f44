import HTTP
import StatusPage

/// What a browser may do with the page: run and show what the page itself holds, and ask this gateway (CSP level 3).
enum PagePolicy {
    static let value =
        "default-src 'none'; script-src '\(hash(of: "script"))'; style-src '\(hash(of: "style"))'; connect-src 'self';"
        + " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    /// The hash of an element's content, by which it is known.
    private static func hash(of element: String) -> String {
        "sha256-" + Base64.text(of: SHA256.hash(Array(StatusPage.content(of: element))))
    }
}
