using Automation.Steps.Activities;
using Automation.Workflows.Activities;
using Automation.Workflows.Execution;

namespace Automation.Steps.Notifications;

/// <summary>Sends a notification.</summary>
[Activity(Type, Category = "Notifications", DisplayName = "Notify", Kind = ActivityKind.Task,
    Description = "Tells people by a channel: e-mail, Slack, Teams, Discord, Telegram, text message, webhook or the console's inbox.")]
[Outcome("Sent"), Outcome("Held"), Outcome("Failed"), Outcome("Done")]
internal sealed class Notify : OutsideActivity
{
    public const string Type = "Automation.Notify";

    [Input(Order = 0, OptionsFrom = ChoiceLists.Channels, Description = "The channel; channels are kept under /api/channels or in the configuration.")]
    public Input<string> Channel { get; } = new();

    [Input(Order = 1, DisplayName = "To", Description = "Mail addresses, a chat id or telephone numbers, with commas between them; the channel's own if empty.")]
    public Input<object?> To { get; } = new();

    [Input(Order = 2, DefaultSyntax = "Liquid", Description = "The subject or title. Liquid encodes values for HTML; put raw behind those of plain text: {{ Variables.Name | raw }}.")]
    public Input<string?> Subject { get; } = new();

    [Input(Order = 3, UIHint = "multiline", DefaultSyntax = "Liquid", Description = "The text. In Liquid put raw behind values: {{ Variables.Name | raw }}.")]
    public Input<string?> Body { get; } = new();

    [Input(Order = 4, UIHint = "dropdown", DefaultValue = "Info", Options = ["Info", "Success", "Warning", "Error"],
        Description = "How urgent it is: the inbox and Teams show it by a colour, a channel of kind webhook sends it along.")]
    public Input<string?> Severity { get; } = new();

    [Input(Order = 5, DefaultSyntax = "Liquid", Description = "Where to read more.")]
    public Input<string?> Link { get; } = new();

    [Input(Order = 10, Category = "E-mail", DisplayName = "HTML", UIHint = "multiline", DefaultSyntax = "Liquid", Description = "The text as HTML; Liquid encodes values.")]
    public Input<string?> Html { get; } = new();

    [Input(Order = 11, Category = "E-mail", UIHint = "json-editor", Description = "Files: [{\"name\":\"a.txt\",\"content\":\"text\"}] or with \"base64\" or bytes instead, and \"contentType\".")]
    public Input<object?> Attachments { get; } = new();

    [Input(Order = 30, Category = "Advanced", DefaultValue = false, Description = "Whether quiet hours and digests do not count.")]
    public Input<bool> Urgent { get; } = new();

    [Input(Order = 31, Category = "Advanced", OptionsFrom = ChoiceLists.OptionalChannels, Description = "The channel to try when this one has failed; the channel's own if empty.")]
    public Input<string?> Fallback { get; } = new();

    [Input(Order = 32, Category = "Advanced", UIHint = "dropdown", DefaultValue = "Text", Options = ["Text", "Markup"], Description = "Markup: the text is in the channel's own markup (Slack mrkdwn, Telegram HTML) and is not escaped.")]
    public Input<string?> Format { get; } = new();

    [Output(Description = "Ids of the notifications, one for each recipient of a text or Telegram message, else one.")]
    public Output<object?> NotificationIds { get; } = new();

    [Output(Description = "Sent, Held or Failed.")]
    public Output<object?> Status { get; } = new();

    [Output(Description = "Why it failed or is held.")]
    public Output<object?> Note { get; } = new();

    protected override void Accept(ActivityContext context, IReadOnlyDictionary<string, object?> outputs)
    {
        Set(context, NotificationIds, outputs, nameof(NotificationIds));
        Set(context, Status, outputs, nameof(Status));
        Set(context, Note, outputs, nameof(Note));
    }
}
