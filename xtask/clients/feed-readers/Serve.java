// Serves an API with the page's reader of the revocation feed: `GET /` with an access token, and `GET /ready`.
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;

public final class Serve {
    public static void main(String[] arguments) throws Exception {
        var api = new Api();
        var server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("PORT"))), 0);
        server.createContext("/ready", exchange -> answer(exchange, api.revocations.isUpToDate() ? 200 : 503, ""));
        server.createContext("/", exchange -> {
            try {
                var header = exchange.getRequestHeaders().getFirst("Authorization");
                api.verify(header == null ? "" : header.replace("Bearer ", ""));
                answer(exchange, 200, "");
            } catch (Exception error) {
                answer(exchange, 401, String.valueOf(error.getMessage()));
            }
        });
        server.start();
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        var bytes = text.getBytes();
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        if (bytes.length > 0) exchange.getResponseBody().write(bytes);
        exchange.close();
    }
}
