using System.CommandLine;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Automation.Host.Cli;

/// <summary>What the commands end with: scripts can tell a refusal from a server that is not there.</summary>
internal static class Exit
{
    public const int Done = 0;

    /// <summary>The server refused it, or it failed.</summary>
    public const int Refused = 1;

    /// <summary>The command line, or a file that it names, cannot be used.</summary>
    public const int Misused = 2;

    /// <summary>The server does not answer.</summary>
    public const int Unreachable = 3;
}

/// <summary>A command ends here, with a sentence for the person and a code for the script.</summary>
internal sealed class CommandException(int code, string message) : Exception(message)
{
    public int Code => code;
}

/// <summary>The running server that a command talks to.</summary>
internal sealed class Connection : IDisposable
{
    public const string DefaultUrl = "http://127.0.0.1:5080";

    private readonly HttpClient _client;

    private Connection(Uri address, string? key)
    {
        Address = address;
        // A stream lasts as long as it is watched; every other call has the token of its command.
        _client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        if (key is not null)
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("ApiKey", key);
    }

    public Uri Address { get; }

    public static Option<string?> UrlOption() => new("--url") { Description = $"The server. Default: the environment variable AUTOMATION_URL, or {DefaultUrl}." };

    public static Option<string?> KeyOption() => new("--key") { Description = "An API key. Default: the environment variable AUTOMATION_KEY, or Automation__AdminKey." };

    /// <summary>The server whose API is called.</summary>
    public static Connection To(string? url, string? key) => Open(url, key ?? Given("AUTOMATION_KEY") ?? Given("Automation__AdminKey"));

    /// <summary>The server as a sender of events sees it, who has no key.</summary>
    public static Connection AsSender(string? url) => Open(url, null);

    private static Connection Open(string? url, string? key)
    {
        url ??= Given("AUTOMATION_URL") ?? DefaultUrl;
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw new CommandException(Exit.Misused, $"--url is \"{url}\"; an http or https address is wanted.");
        return new Connection(address, key);
    }

    /// <summary>Runs a command's work and turns what goes wrong into a line and a code.</summary>
    public static async Task<int> GuardAsync(Func<Task<int>> work)
    {
        try
        {
            return await work();
        }
        catch (CommandException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return e.Code;
        }
        catch (Exception e) when (e is HttpRequestException or HttpIOException or IOException { InnerException: System.Net.Sockets.SocketException })
        {
            // The answer began and did not come to its end.
            await Console.Error.WriteLineAsync($"The server has closed the connection ({e.Message}).");
            return Exit.Unreachable;
        }
        catch (OperationCanceledException)
        {
            return Exit.Done;
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or JsonException)
        {
            // It is JSON, but not what the API of this version answers.
            await Console.Error.WriteLineAsync($"The server's answer is not one that this program knows ({e.Message}). Is --url the address of this program's server, of the same version?");
            return Exit.Refused;
        }
    }

    /// <exception cref="CommandException">The server does not answer.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw new CommandException(Exit.Unreachable, $"{Address} does not answer ({e.Message}). Is the server running? Start it with: dotnet run --project src/Automation.Host");
        }
    }

    /// <summary>Calls the API.</summary>
    /// <exception cref="CommandException">The server does not answer, or refuses; the message is its own.</exception>
    public async Task<JsonElement> CallAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken, (string Name, string Value)? header = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (header is var (name, value))
            request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await SendAsync(request, cancellationToken);
        await CheckAsync(answer, cancellationToken);
        var bytes = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        try
        {
            return bytes.Length == 0 ? default : JsonElement.Parse(bytes);
        }
        catch (JsonException)
        {
            throw new CommandException(Exit.Refused, $"{new Uri(Address, path)} does not answer with JSON. Is --url the address of this program's server?");
        }
    }

    /// <summary>Opens what the API answers as it comes.</summary>
    public async Task<StreamReader> OpenAsync(string path, string mediaType, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        var answer = await SendAsync(request, cancellationToken);
        await CheckAsync(answer, cancellationToken);
        if (answer.Content.Headers.ContentType?.MediaType is var other && other != mediaType)
            throw new CommandException(Exit.Refused, $"{new Uri(Address, path)} answers with {other ?? "nothing"} where {mediaType} is wanted. Is --url the address of this program's server?");
        return new StreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken), Encoding.UTF8);
    }

    public static StringContent Json(object value) => new(JsonSerializer.Serialize(value, JsonSerializerOptions.Web), Encoding.UTF8, "application/json");

    public void Dispose() => _client.Dispose();

    private static string? Given(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;

    private static async Task CheckAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.IsSuccessStatusCode)
            return;
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        var detail = Detail(text);
        if ((int)answer.StatusCode == 401)
        {
            detail = answer.RequestMessage?.Headers.Authorization is null
                ? "The server wants an API key: give --key KEY, or set AUTOMATION_KEY. The administrator key was printed at the first start."
                : "The server does not know the API key that was given (--key, AUTOMATION_KEY or Automation__AdminKey), or it has expired.";
        }

        throw new CommandException(Exit.Refused, $"{(int)answer.StatusCode} {answer.ReasonPhrase}: {detail}");
    }

    /// <summary>What a refusal says; whatever else answers, such as a proxy, is quoted.</summary>
    private static string Detail(string text)
    {
        try
        {
            var problem = JsonElement.Parse(text);
            if (problem.ValueKind == JsonValueKind.Object && (problem.TryGetProperty("detail", out var found) || problem.TryGetProperty("title", out found)))
                return found.ToString();
        }
        catch (JsonException)
        {
            // Quoted below.
        }

        return text.Length <= 500 ? text : text[..500] + "…";
    }
}
