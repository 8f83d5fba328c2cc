package peer;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.annotation.web.configuration.WebSecurityCustomizer;

/** An authorization server as Spring Boot makes it from its properties alone. */
@SpringBootApplication
public class Server {
    public static void main(String[] arguments) {
        SpringApplication.run(Server.class, arguments);
    }

    /** The keys of the client with a key, which it would publish itself. */
    @Bean
    WebSecurityCustomizer keysOfClients() {
        return web -> web.ignoring().requestMatchers("/keys-of-clients.json");
    }
}
