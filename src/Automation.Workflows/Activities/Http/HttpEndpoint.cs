using System.Text.Json;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Expressions;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities.Http;

/// <summary>
/// Starts a workflow by an HTTP request, or waits for one. The request comes as a payload, see <see cref="HttpRequestPayload"/>;
/// limits and authorization are in the options of its stimuli, for whoever serves the request.
/// </summary>
[Activity("Elsa.HttpEndpoint", Category = "HTTP", DisplayName = "HTTP Endpoint", Kind = ActivityKind.Trigger, Description = "Wait for an inbound HTTP request that matches the specified path and methods.")]
internal sealed class HttpEndpoint : Activity
{
    private static readonly IReadOnlyList<object?> GetOnly = ["GET"];

    [Input(Description = "The path to associate with the workflow.")]
    public Input<string?> Path { get; } = new();

    [Input(UIHint = "checklist", Options = ["GET", "POST", "PUT", "HEAD", "DELETE"], DefaultValue = "[\"GET\"]", TypeName = "List<String>", Description = "The HTTP methods to accept.")]
    public Input<IReadOnlyList<object?>> SupportedMethods { get; } = new();

    [Input(Category = "Security", DefaultValue = false, Description = "Allow authenticated requests only.")]
    public Input<bool> Authorize { get; } = new();

    [Input(Category = "Security", Description = "Provide a policy to evaluate. If the policy fails, the request is forbidden.")]
    public Input<string?> Policy { get; } = new();

    [Input(Category = "Upload", Description = "The maximum time allowed to process the request.")]
    public Input<TimeSpan?> RequestTimeout { get; } = new();

    [Input(Category = "Upload", TypeName = "Long", Description = "The maximum request size allowed in bytes.")]
    public Input<long?> RequestSizeLimit { get; } = new();

    [Input(Category = "Upload", TypeName = "Long", Description = "The maximum file size allowed in bytes for an individual file.")]
    public Input<long?> FileSizeLimit { get; } = new();

    [Input(Category = "Upload", TypeName = "List<String>", Description = "Only file extensions in this list are allowed. Leave empty to allow all extensions")]
    public Input<IReadOnlyList<object?>?> AllowedFileExtensions { get; } = new();

    [Input(Category = "Upload", TypeName = "List<String>", Description = "File extensions in this list are forbidden. Leave empty to not block any extension.")]
    public Input<IReadOnlyList<object?>?> BlockedFileExtensions { get; } = new();

    [Input(Category = "Upload", TypeName = "List<String>", Description = "Only MIME types in this list are allowed. Leave empty to allow all types")]
    public Input<IReadOnlyList<object?>?> AllowedMimeTypes { get; } = new();

    [Input(Category = "Outcomes", DefaultValue = false, Description = "A value indicating whether to expose the \"Request too large\" outcome.")]
    public bool ExposeRequestTooLargeOutcome { get; set; }

    [Input(Category = "Outcomes", DefaultValue = false, Description = "A value indicating whether to expose the \"File too large\" outcome.")]
    public bool ExposeFileTooLargeOutcome { get; set; }

    [Input(Category = "Outcomes", DefaultValue = false, Description = "A value indicating whether to expose the \"Invalid file extension\" outcome.")]
    public bool ExposeInvalidFileExtensionOutcome { get; set; }

    [Input(Category = "Outcomes", DefaultValue = false, Description = "A value indicating whether to expose the \"Invalid file MIME type\" outcome.")]
    public bool ExposeInvalidFileMimeTypeOutcome { get; set; }

    [Output(Description = "The parsed request content, if any.")]
    public Output<object?> ParsedContent { get; } = new();

    [Output(TypeName = "FormFile[]", Description = "The uploaded files, if any.")]
    public Output<object?> Files { get; } = new();

    [Output(TypeName = "FormFile", Description = "The first uploaded file, if any.")]
    public Output<object?> File { get; } = new();

    [Output(TypeName = "ObjectDictionary", Description = "The parsed route data, if any.")]
    public Output<object?> RouteData { get; } = new();

    [Output(TypeName = "ObjectDictionary", Description = "The querystring data, if any.")]
    public Output<object?> QueryStringData { get; } = new();

    [Output(TypeName = "ObjectDictionary", Description = "The headers, if any.")]
    public Output<object?> Headers { get; } = new();

    [Output(TypeName = "HttpRequest")]
    public Output<object?> Result { get; } = new();

    protected internal override void Compile(ActivityCompilation context)
    {
        if (Node.Inputs[Path.Slot].Expression is not ConstantExpression { Value: string { Length: > 0 } path })
            return;
        try
        {
            HttpRoute.Parse(path);
        }
        catch (FormatException e)
        {
            context.Expression("path", e.Message);
        }
    }

    protected internal override IEnumerable<TriggerStimulus> GetTriggers(ActivityContext context) =>
        Payloads(context).Select(p => new TriggerStimulus(StimulusNames.HttpEndpoint, p) { Options = Options(context) });

    protected internal override void Execute(ActivityContext context)
    {
        if (context.IsTrigger)
        {
            Receive(context, context.TriggerPayload);
            return;
        }

        var options = Options(context);
        foreach (var payload in Payloads(context))
            context.CreateBookmark(StimulusNames.HttpEndpoint, payload, options: options);
    }

    protected internal override void Resume(ActivityContext context, Bookmark bookmark, object? payload) => Receive(context, payload);

    private void Receive(ActivityContext context, object? payload)
    {
        var request = HttpRequestPayload.FromPlain(payload);
        RouteData.Set(context, request.RouteData);
        QueryStringData.Set(context, request.Query);
        Headers.Set(context, request.Headers);
        Result.Set(context, request.ToResult());
        if (request.Rejection is { } rejection)
        {
            Reject(context, rejection);
            return;
        }

        ParsedContent.Set(context, Parsed(request.Content));
        if (request.Files.Count > 0)
        {
            Files.Set(context, request.Files);
            File.Set(context, request.Files[0]);
        }

        context.Complete();
    }

    /// <summary>As in Elsa, JSON is parsed for whoever it is bound to; nobody having asked for it, the output is its text.</summary>
    private object? Parsed(object? content)
    {
        if (content is not JsonElement json)
            return content;
        var binding = Node.Outputs[ParsedContent.Slot];
        return binding.Variable is null && binding.WorkflowOutput is null ? json.GetRawText() : JsonValues.FromElement(json);
    }

    private void Reject(ActivityContext context, HttpRejection rejection)
    {
        // Whoever serves requests refuses those whose outcome is not exposed by itself.
        if (!Outcomes().Any(o => o.IsExposed && o.Name == rejection.Outcome))
            throw new WorkflowFaultException(rejection.Message);
        context.Complete(rejection.Outcome!);
    }

    private IEnumerable<(string Name, bool IsExposed)> Outcomes() =>
    [
        (HttpRejection.RequestTooLarge, ExposeRequestTooLargeOutcome),
        (HttpRejection.FileTooLarge, ExposeFileTooLargeOutcome),
        (HttpRejection.InvalidFileExtension, ExposeInvalidFileExtensionOutcome),
        (HttpRejection.InvalidFileMimeType, ExposeInvalidFileMimeTypeOutcome),
    ];

    private IEnumerable<Dictionary<string, object?>> Payloads(ActivityContext context)
    {
        if (Path.Get(context) is not { } path || string.IsNullOrWhiteSpace(path))
            throw new WorkflowFaultException("The endpoint has no path, so no request can reach it.");
        HttpRoute.Parse(path);
        return (SupportedMethods.Get(context) ?? GetOnly)
            .Where(m => m is not null)
            .Select(m => ValueConverter.ToText(m!).ToUpperInvariant())
            .Distinct(StringComparer.Ordinal)
            .Select(m => StimulusHash.HttpPayload(path, m));
    }

    private Dictionary<string, object?> Options(ActivityContext context)
    {
        var options = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            // The template keeps its letter case: names of route parameters are told apart by it.
            ["path"] = Path.Get(context),
        };
        if (Authorize.Get(context))
            options["authorize"] = true;
        Add("policy", Policy.Get(context) is { Length: > 0 } policy ? policy : null);
        Add("requestTimeout", RequestTimeout.Get(context) is { } timeout ? timeout.ToString("c", System.Globalization.CultureInfo.InvariantCulture) : null);
        Add("requestSizeLimit", RequestSizeLimit.Get(context));
        Add("fileSizeLimit", FileSizeLimit.Get(context));
        Add("allowedFileExtensions", AllowedFileExtensions.Get(context));
        Add("blockedFileExtensions", BlockedFileExtensions.Get(context));
        Add("allowedMimeTypes", AllowedMimeTypes.Get(context));
        var exposed = Outcomes().Where(o => o.IsExposed).Select(o => (object?)o.Name).ToList();
        Add("exposed", exposed.Count > 0 ? exposed : null);
        return options;

        void Add(string name, object? value)
        {
            if (value is not null)
                options[name] = value;
        }
    }
}
