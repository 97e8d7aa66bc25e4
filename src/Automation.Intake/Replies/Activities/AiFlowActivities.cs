using System.Buffers.Text;
using Automation.Workflows.Activities;
using Automation.Workflows.Execution;

namespace Automation.Intake.Replies.Activities;

/// <summary>An action that AI Flow carries out in the call. Actions of one turn go out together, in their order.</summary>
internal abstract class AiFlowAction : ReplyActivity
{
    protected const string Category = "AI Flow";

    protected sealed override void Reply(ActivityContext context, string eventId)
    {
        var action = Action(context);
        foreach (var effect in context.Requested)
        {
            if (effect is AiFlowReply reply && reply.EventId == eventId)
            {
                reply.Actions.Add(action);
                return;
            }
        }

        var first = new AiFlowReply(eventId, context.Id, context.Activity.Id);
        first.Actions.Add(action);
        context.Request(first);
    }

    /// <summary>The action without its session.</summary>
    protected abstract Dictionary<string, object?> Action(ActivityContext context);

    protected static Dictionary<string, object?> New(string type) => new(StringComparer.Ordinal) { ["type"] = type, ["session_id"] = null };

    /// <summary>How the caller may interrupt; null to leave it to AI Flow.</summary>
    protected static Dictionary<string, object?>? BargeIn(string? strategy, int? characters, int? afterMs)
    {
        if (Given(strategy) is null && characters is null && afterMs is null)
            return null;
        var bargeIn = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (Given(strategy) is { } name)
        {
            if (name is not ("none" or "manual" or "minimum_characters"))
                throw new WorkflowFaultException($"BargeInStrategy is \"{name}\"; allowed: none, manual, minimum_characters.");
            bargeIn["strategy"] = name;
        }

        Set(bargeIn, "minimum_characters", Between(characters, 1, 1000, "MinimumCharacters"));
        Set(bargeIn, "allow_after_ms", Between(afterMs, 0, 600_000, "AllowAfterMs"));
        return bargeIn;
    }

    /// <summary>A recording, in Base64.</summary>
    protected static string Wav(object? value)
    {
        var audio = value switch
        {
            byte[] bytes => Convert.ToBase64String(bytes),
            string text => text.Trim(),
            _ => "",
        };
        RequireSize(audio.Length);
        return audio.Length > 0 && Base64.IsValid(audio.AsSpan()) ? audio : throw new WorkflowFaultException("Audio must be a WAV file, as bytes or as text in Base64.");
    }

    protected static string PhoneNumber(string? number, string input) =>
        Given(number) is { Length: <= 64 } given ? given.Trim() : throw new WorkflowFaultException($"{input} must be a phone number.");
}

[Activity("AiFlow.Speak", Category = Category, Description = "Says something to the caller.")]
internal sealed class Speak : AiFlowAction
{
    private const int MostCharacters = 100_000;

    [Input(Order = 0, UIHint = "multiline", Description = "What is said, as plain text.")]
    public Input<string?> Text { get; } = new();

    [Input(Order = 1, UIHint = "multiline", DisplayName = "SSML", Description = "What is said, as SSML, in place of the text.")]
    public Input<string?> Ssml { get; } = new();

    [Input(Order = 2, Description = "How long the caller may be silent before user_input_timeout comes, in seconds.")]
    public Input<double?> UserInputTimeoutSeconds { get; } = new();

    [Input(Order = 0, Category = "Voice", UIHint = "dropdown", Options = ["", "azure", "eleven_labs"], Description = "Who speaks. By default what the agent is set to.")]
    public Input<string?> Provider { get; } = new();

    [Input(Order = 1, Category = "Voice", Description = "For azure, such as en-US.")]
    public Input<string?> Language { get; } = new();

    [Input(Order = 2, Category = "Voice", Description = "Name or id of the voice, such as en-US-JennyNeural.")]
    public Input<string?> Voice { get; } = new();

    [Input(Order = 0, Category = "Barge in", UIHint = "dropdown", Options = ["", "none", "manual", "minimum_characters"], Description = "How the caller may interrupt.")]
    public Input<string?> BargeInStrategy { get; } = new();

    [Input(Order = 1, Category = "Barge in", Description = "For minimum_characters: what the caller must have said.")]
    public Input<int?> MinimumCharacters { get; } = new();

    [Input(Order = 2, Category = "Barge in", Description = "Milliseconds before the caller may interrupt.")]
    public Input<int?> AllowAfterMs { get; } = new();

    protected override Dictionary<string, object?> Action(ActivityContext context)
    {
        var (text, ssml) = (Given(Text.Get(context)), Given(Ssml.Get(context)));
        if (text is null == (ssml is null))
            throw new WorkflowFaultException(text is null ? "There is nothing to say: give Text or Ssml." : "Text and Ssml are both given; one of them is said.");
        if ((text ?? ssml)!.Length > MostCharacters)
            throw new WorkflowFaultException($"More than {MostCharacters} characters are not said at once.");
        var action = New("speak");
        Set(action, "text", text);
        Set(action, "ssml", ssml);
        Set(action, "tts", Tts(Given(Provider.Get(context)), Given(Language.Get(context)), Given(Voice.Get(context))));
        Set(action, "barge_in", BargeIn(BargeInStrategy.Get(context), MinimumCharacters.Get(context), AllowAfterMs.Get(context)));
        Set(action, "user_input_timeout_seconds", Between(UserInputTimeoutSeconds.Get(context), 0, 3600, "UserInputTimeoutSeconds"));
        return action;
    }

    private static Dictionary<string, object?>? Tts(string? provider, string? language, string? voice)
    {
        if (provider is null && language is null && voice is null)
            return null;
        var tts = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["provider"] = provider switch
            {
                null or "azure" => "azure",
                "eleven_labs" => provider,
                _ => throw new WorkflowFaultException($"Provider is \"{provider}\"; allowed: azure, eleven_labs."),
            },
        };
        Set(tts, "language", language);
        Set(tts, "voice", voice);
        return tts;
    }
}

[Activity("AiFlow.PlayAudio", Category = Category, DisplayName = "Play audio", Description = "Plays a recording to the caller.")]
internal sealed class PlayAudio : AiFlowAction
{
    [Input(Order = 0, UIHint = "multiline", Description = "WAV file (16 kHz, mono, 16 bit): bytes, or text in Base64.")]
    public Input<object?> Audio { get; } = new();

    [Input(Order = 0, Category = "Barge in", UIHint = "dropdown", Options = ["", "none", "manual", "minimum_characters"], Description = "How the caller may interrupt.")]
    public Input<string?> BargeInStrategy { get; } = new();

    [Input(Order = 1, Category = "Barge in", Description = "For minimum_characters: what the caller must have said.")]
    public Input<int?> MinimumCharacters { get; } = new();

    [Input(Order = 2, Category = "Barge in", Description = "Milliseconds before the caller may interrupt.")]
    public Input<int?> AllowAfterMs { get; } = new();

    protected override Dictionary<string, object?> Action(ActivityContext context)
    {
        var action = New("audio");
        action["audio"] = Wav(Audio.Get(context));
        Set(action, "barge_in", BargeIn(BargeInStrategy.Get(context), MinimumCharacters.Get(context), AllowAfterMs.Get(context)));
        return action;
    }
}

[Activity("AiFlow.MixAudio", Category = Category, DisplayName = "Mix audio", Description = "Plays a background sound under the call, again and again until it ends; or stops it.")]
internal sealed class MixAudio : AiFlowAction
{
    [Input(Order = 0, UIHint = "multiline", Description = "WAV file (16 kHz, mono, 16 bit): bytes, or text in Base64. It takes the place of the sound that is being played.")]
    public Input<object?> Audio { get; } = new();

    [Input(Order = 1, Description = "From 0 to 1. By default what AI Flow takes, 0.5.")]
    public Input<double?> Volume { get; } = new();

    [Input(Order = 2, Description = "Stops the sound, in place of playing one.")]
    public Input<bool> Stop { get; } = new();

    protected override Dictionary<string, object?> Action(ActivityContext context)
    {
        var action = New("mix_audio");
        if (Stop.Get(context))
        {
            action["stop"] = true;
            return action;
        }

        action["audio"] = Wav(Audio.Get(context));
        Set(action, "volume", Between(Volume.Get(context), 0, 1, "Volume"));
        return action;
    }
}

[Activity("AiFlow.HangUp", Category = Category, DisplayName = "Hang up", Description = "Ends the call.")]
internal sealed class HangUp : AiFlowAction
{
    protected override Dictionary<string, object?> Action(ActivityContext context) => New("hangup");
}

[Activity("AiFlow.Transfer", Category = Category, Description = "Connects the caller to somebody else.")]
internal sealed class Transfer : AiFlowAction
{
    [Input(Order = 0, Description = "Number to call, such as +4915100000000.")]
    public Input<string?> TargetPhoneNumber { get; } = new();

    [Input(Order = 1, Description = "Name that is shown to the one called.")]
    public Input<string?> CallerIdName { get; } = new();

    [Input(Order = 2, Description = "Number that is shown to the one called.")]
    public Input<string?> CallerIdNumber { get; } = new();

    protected override Dictionary<string, object?> Action(ActivityContext context)
    {
        var action = New("transfer");
        action["target_phone_number"] = PhoneNumber(TargetPhoneNumber.Get(context), "TargetPhoneNumber");
        Set(action, "caller_id_name", Given(CallerIdName.Get(context)));
        Set(action, "caller_id_number", Given(CallerIdNumber.Get(context)));
        return action;
    }
}

[Activity("AiFlow.BargeIn", Category = Category, DisplayName = "Barge in", Description = "Stops what is being said or played.")]
internal sealed class BargeIn : AiFlowAction
{
    protected override Dictionary<string, object?> Action(ActivityContext context) => New("barge_in");
}

[Activity("AiFlow.ConfigureTranscription", Category = Category, DisplayName = "Configure transcription", Description = "Changes the languages that the caller is understood in.")]
internal sealed class ConfigureTranscription : AiFlowAction
{
    [Input(Order = 0, UIHint = "multitext", Description = "Languages, such as de-DE and en-US.")]
    public Input<object?> Languages { get; } = new();

    [Input(Order = 1, UIHint = "json-editor", Description = "Further members of the action, as a JSON object.")]
    public Input<object?> Settings { get; } = new();

    protected override Dictionary<string, object?> Action(ActivityContext context)
    {
        var languages = List(Languages.Get(context));
        if (languages.Any(l => l is not string { Length: > 1 and <= 35 }))
            throw new WorkflowFaultException("Languages must be language tags such as de-DE.");
        var settings = Map(Settings.Get(context), "Settings");
        if (languages.Count == 0 && settings is null)
            throw new WorkflowFaultException("There is nothing to configure: give Languages or Settings.");
        var action = New("configure_transcription");
        if (languages.Count > 0)
            action["languages"] = languages;
        foreach (var (name, value) in settings ?? new Dictionary<string, object?>(StringComparer.Ordinal))
        {
            if (name is not ("type" or "session_id"))
                action[name] = value;
        }

        return action;
    }
}
