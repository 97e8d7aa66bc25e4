using System.Globalization;
using Automation.Steps.Activities;
using Automation.Workflows.Activities;
using Automation.Workflows.Execution;

namespace Automation.Steps.Http;

/// <summary>Calls an HTTP API.</summary>
[Activity(Type, Category = "HTTP", DisplayName = "HTTP Call", Kind = ActivityKind.Task, Description = "Calls an HTTP API with credentials from stored secrets, repeats the call where that helps, and goes on by the kind of answer.")]
[Outcome("Success"), Outcome("Client error"), Outcome("Server error"), Outcome("Other status"), Outcome("Unexpected content"), Outcome("Failed to connect"), Outcome("Timeout"), Outcome("Done")]
internal sealed class CallHttp : OutsideActivity
{
    public const string Type = "Automation.HttpCall";

    [Input(Order = 0, DisplayName = "URL", Description = "Absolute URL, or a path of this server.")]
    public Input<string> Url { get; } = new();

    [Input(Order = 1, UIHint = "dropdown", DefaultValue = "GET", Options = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"],
        Description = "What is asked of the URL: GET reads, POST sends something new, PUT and PATCH change it, DELETE removes it.")]
    public Input<string> Method { get; } = new();

    [Input(Order = 2, UIHint = "json-editor", Description = "Query parameters to add: {\"page\":1}. A list gives the parameter several times.")]
    public Input<object?> Query { get; } = new();

    [Input(Order = 3, UIHint = "json-editor", Description = "Headers to add: {\"Accept\":\"application/json\"}.")]
    public Input<object?> Headers { get; } = new();

    [Input(Order = 4, UIHint = "multiline", Description = "What is sent: text and bytes as they are, other values in the form that the content type asks for. For a form an object of fields: {\"a\":1}, for multipart too: {\"title\":\"x\",\"file\":{\"fileName\":\"a.txt\",\"content\":\"text\"}}, or base64 in place of content.")]
    public Input<object?> Body { get; } = new();

    [Input(Order = 5, DisplayName = "Content type", UIHint = "dropdown", DefaultValue = "application/json", Options = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", "text/plain", "application/octet-stream"],
        Description = "The form in which the body is sent; without a body it is left out.")]
    public Input<string> ContentType { get; } = new();

    [Input(Order = 10, Category = "Security", UIHint = "dropdown", DefaultValue = "None", Options = ["None", "Basic", "Bearer", "ApiKey", "Hmac", "OAuth2", "OAuth2Body"],
        Description = "Basic: user name and secret. Bearer: the secret as token. ApiKey: the secret in a header. Hmac: the body signed with the secret (SHA-256, hex) in a header. OAuth2: a token by client credentials, kept until it ends; OAuth2Body sends the credentials in the form.")]
    public Input<string> Authentication { get; } = new();

    [Input(Order = 11, Category = "Security", OptionsFrom = ChoiceLists.OptionalSecrets, Description = "Name of the stored secret.")]
    public Input<string?> Secret { get; } = new();

    [Input(Order = 12, Category = "Security", DisplayName = "User name", Description = "For Basic; for OAuth2 the client's id.")]
    public Input<string?> UserName { get; } = new();

    [Input(Order = 13, Category = "Security", DisplayName = "Header name", Description = "For ApiKey (X-Api-Key if empty) and Hmac (X-Signature if empty).")]
    public Input<string?> HeaderName { get; } = new();

    [Input(Order = 14, Category = "Security", DisplayName = "Token URL", Description = "For OAuth2: the token endpoint.")]
    public Input<string?> TokenUrl { get; } = new();

    [Input(Order = 15, Category = "Security", Description = "For OAuth2: the scopes to ask for, with spaces between them.")]
    public Input<string?> Scope { get; } = new();

    [Input(Order = 16, Category = "Security", DisplayName = "Token parameters", UIHint = "json-editor", Description = "For OAuth2: further fields of the request for a token, such as {\"audience\":\"https://api.example.org\"}.")]
    public Input<object?> TokenParameters { get; } = new();

    [Input(Order = 17, Category = "Security", DisplayName = "Client certificate", OptionsFrom = ChoiceLists.OptionalSecrets, Description = "Name of the stored secret with a certificate and its private key in PEM, for servers that want one.")]
    public Input<string?> ClientCertificate { get; } = new();

    [Input(Order = 18, Category = "Security", UIHint = "json-editor", Description = "Texts that stand for stored secrets: {\"{token}\":\"name-of-the-secret\"}. Wherever one stands in the URL, the query, the headers, the body, the token URL or its parameters, the secret is sent in its place. Choose texts that no data has.")]
    public Input<object?> Placeholders { get; } = new();

    [Input(Order = 30, Category = "Advanced", DefaultValue = 1, Description = "Attempts in all, 1 to 20. Repeated are calls without an answer and answers 408, 409, 429, 500, 502, 503 and 504; Retry-After is honoured.")]
    public Input<int> Attempts { get; } = new();

    [Input(Order = 31, Category = "Advanced", DisplayName = "Retry on", Description = "The statuses to repeat in place of those, such as 429, 500-599.")]
    public Input<string?> RetryOn { get; } = new();

    [Input(Order = 32, Category = "Advanced", DisplayName = "Retry delay", Description = "First wait between attempts, 00:00:01 if empty; it doubles each time.")]
    public Input<TimeSpan?> RetryDelay { get; } = new();

    [Input(Order = 33, Category = "Advanced", Description = "How long one attempt may take, such as 00:00:10.")]
    public Input<TimeSpan?> Timeout { get; } = new();

    [Input(Order = 34, Category = "Advanced", DisplayName = "Most redirects", DefaultValue = 0, Description = "Redirects to follow, 0 to 20; credentials are not taken to another host.")]
    public Input<int> MaxRedirects { get; } = new();

    [Input(Order = 35, Category = "Advanced", DisplayName = "Largest answer", Description = "Bytes that an answer may have; the server's limit if empty. A larger one is an incident.")]
    public Input<long?> MaxResponseBytes { get; } = new();

    [Input(Order = 20, Category = "Answer", DisplayName = "Must have", Description = "A member that a successful answer must have, such as data.id or items.0.id; otherwise the outcome is Unexpected content.")]
    public Input<string?> MustHave { get; } = new();

    [Input(Order = 21, Category = "Answer", UIHint = "json-editor", Description = "A JSON schema that a successful answer must fit; otherwise the outcome is Unexpected content, and Error says what does not fit.")]
    public Input<object?> Schema { get; } = new();

    [Input(Order = 22, Category = "Answer", DisplayName = "Statuses with an outcome", UIHint = "dynamic-outcomes", TypeName = "List<String>",
        FixedOutcomes = ["Success", "Client error", "Server error", "Other status", "Unexpected content", "Failed to connect", "Timeout", "Done"],
        Description = "Statuses that have an outcome of their own, such as 404, in place of the one of their kind.")]
    public Input<IReadOnlyList<object?>> StatusOutcomes { get; } = new();

    [Output(Description = "The answer's status; 0 where there is none.")]
    public Output<int> StatusCode { get; } = new();

    [Output(Description = "The answer's body: JSON and XML as objects, text as text, anything else as bytes.")]
    public Output<object?> Content { get; } = new();

    [Output(Description = "The answer's headers, each a list of texts.")]
    public Output<object?> ResponseHeaders { get; } = new();

    [Output(Description = "Why there is no answer, or why its content is not as expected.")]
    public Output<string?> Error { get; } = new();

    protected override void Accept(ActivityContext context, IReadOnlyDictionary<string, object?> outputs)
    {
        StatusCode.Set(context, Convert.ToInt32(outputs.GetValueOrDefault(nameof(StatusCode)) ?? 0, CultureInfo.InvariantCulture));
        Set(context, Content, outputs, nameof(Content));
        Set(context, ResponseHeaders, outputs, nameof(ResponseHeaders));
        Error.Set(context, outputs.GetValueOrDefault(nameof(Error)) as string);
    }
}
