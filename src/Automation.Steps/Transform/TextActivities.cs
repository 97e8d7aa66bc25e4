using System.Security.Cryptography;
using System.Text;
using Automation.Steps.Activities;
using Automation.Steps.Secrets;
using Automation.Steps.Templates;
using Automation.Steps.Values;
using Automation.Workflows.Activities;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;

namespace Automation.Steps.Transform;

/// <summary>Hashes, encodes or decodes a text.</summary>
[Activity("Automation.EncodeText", Category = "Transform", DisplayName = "Hash or encode", Description = "Hashes, encodes or decodes a text; what is no text is taken as JSON.")]
internal sealed class EncodeText : TransformActivity
{
    [Input(Order = 0, UIHint = "multiline", Description = "The text.")]
    public Input<object?> Text { get; } = new();

    [Input(Order = 1, UIHint = "dropdown", DefaultValue = "Sha256", Options = ["Sha256", "Sha512", "Md5", "Base64", "FromBase64", "Base64Url", "FromBase64Url", "Hex", "FromHex", "Url", "FromUrl"], Description = "What is done. From… undoes an encoding.")]
    public Input<string?> Operation { get; } = new();

    [Output(Description = "The result; hashes in lower-case hex.")]
    public Output<object?> Result { get; } = new();

    protected override void Execute(ActivityContext context)
    {
        var text = PlainJson.AsText(Text.Get(context));
        var bytes = Encoding.UTF8.GetBytes(text);
        var operation = Operation.Get(context) is { Length: > 0 } given ? given : "Sha256";
        object? result = operation switch
        {
            "Sha256" => Convert.ToHexStringLower(SHA256.HashData(bytes)),
            "Sha512" => Convert.ToHexStringLower(SHA512.HashData(bytes)),
#pragma warning disable CA5351 // Other systems name things by it; nothing is protected.
            "Md5" => Convert.ToHexStringLower(MD5.HashData(bytes)),
#pragma warning restore CA5351
            "Base64" => Convert.ToBase64String(bytes),
            "FromBase64" => Decoded("base64", Convert.FromBase64String),
            "Base64Url" => System.Buffers.Text.Base64Url.EncodeToString(bytes),
            "FromBase64Url" => Decoded("base64url", static t => System.Buffers.Text.Base64Url.DecodeFromChars(t)),
            "Hex" => Convert.ToHexStringLower(bytes),
            "FromHex" => Decoded("hexadecimal", Convert.FromHexString),
            "Url" => Uri.EscapeDataString(text),
            "FromUrl" => Uri.UnescapeDataString(text),
            _ => throw new FormatException($"Operation is \"{operation}\"; allowed are Sha256, Sha512, Md5, Base64, Base64Url, Hex and Url, and FromBase64, FromBase64Url, FromHex and FromUrl."),
        };
        Result.Set(context, result);
        context.Complete();

        string Decoded(string form, Func<string, byte[]> decode)
        {
            try
            {
                return Encoding.UTF8.GetString(decode(text));
            }
            catch (FormatException e)
            {
                throw new FormatException($"Text is not {form}.", e);
            }
        }
    }
}

/// <summary>Renders a Liquid template with given values.</summary>
[Activity("Automation.RenderTemplate", Category = "Transform", DisplayName = "Render template", Description = "Renders a Liquid template with given values, for templates that come from data. Values go in as they are, or encoded for HTML.")]
internal sealed class RenderTemplate : TransformActivity
{
    private static readonly TextTemplates Templates = new(TimeProvider.System);

    [Input(Order = 0, UIHint = "multiline", Description = "The template, such as Dear {{ name }}.")]
    public Input<string?> Template { get; } = new();

    [Input(Order = 1, UIHint = "json-editor", Description = "The values: {\"name\":\"x\"}.")]
    public Input<object?> Values { get; } = new();

    [Input(Order = 2, DefaultValue = false, Description = "Whether values are encoded for HTML.")]
    public Input<bool> Html { get; } = new();

    [Output(Description = "The text.")]
    public Output<object?> Result { get; } = new();

    protected override void Execute(ActivityContext context)
    {
        var given = Read(Values.Get(context), nameof(Values));
        var values = given is null or "" ? [] : PlainJson.Members(given)?.ToDictionary(m => m.Key, m => m.Value, StringComparer.Ordinal) ?? throw new FormatException("Values is no object. Give one such as {\"name\":\"x\"}.");
        var template = Template.Get(context) ?? "";
        Result.Set(context, Html.Get(context) ? Templates.Preview(template, values) : Templates.Render(template, values));
        context.Complete();
    }
}

/// <summary>Makes a value that nobody can foresee.</summary>
[Activity("Automation.RandomValue", Category = "Transform", DisplayName = "Random value", Description = "Makes a UUID, a number, a text or a choice that nobody can foresee.")]
internal sealed class RandomValue : TransformActivity
{
    private const string Letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

    [Input(Order = 0, UIHint = "dropdown", DefaultValue = "Uuid", Options = ["Uuid", "UuidV7", "Number", "Text", "Choice"], Description = "What is made. UuidV7 sorts by time; Choice is one item of a list.")]
    public Input<string?> Kind { get; } = new();

    [Input(Order = 1, DefaultValue = 0, Description = "For Number: the smallest.")]
    public Input<long> Min { get; } = new();

    [Input(Order = 2, DefaultValue = 100, Description = "For Number: the largest.")]
    public Input<long> Max { get; } = new();

    [Input(Order = 3, DefaultValue = 16, Description = "For Text: how many letters and digits, 1 to 1000; those that look alike are left out.")]
    public Input<int> Length { get; } = new();

    [Input(Order = 4, UIHint = "json-editor", Description = "For Choice: the list, such as [\"red\",\"green\"].")]
    public Input<object?> Items { get; } = new();

    [Output(Description = "The value.")]
    public Output<object?> Result { get; } = new();

    protected override void Execute(ActivityContext context)
    {
        var kind = Kind.Get(context) is { Length: > 0 } given ? given : "Uuid";
        Result.Set(context, kind switch
        {
#pragma warning disable RS0030 // One of version 4 tells nothing about when it was made, which is what people choose it for.
            "Uuid" => Guid.NewGuid().ToString(),
#pragma warning restore RS0030
            "UuidV7" => Guid.CreateVersion7(context.Now).ToString(),
            "Number" => Number(Min.Get(context), Max.Get(context)),
            "Text" => Length.Get(context) is >= 1 and <= 1000 and var length ? RandomNumberGenerator.GetString(Letters, length) : throw new FormatException("Length must be 1 to 1000."),
            "Choice" => List(Items.Get(context), nameof(Items)) is { Count: > 0 } items ? items[RandomNumberGenerator.GetInt32(items.Count)] : throw new FormatException("Items is empty."),
            _ => throw new FormatException($"Kind is \"{kind}\"; allowed are Uuid, UuidV7, Number, Text and Choice."),
        });
        context.Complete();
    }

    private static long Number(long min, long max)
    {
        if (min > max)
            throw new FormatException($"Min is {min}, which is more than Max, {max}.");
        var span = (UInt128)((Int128)max - min + 1);
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        // Of 128 bits the remainder of at most 64 is as good as even.
        return (long)((Int128)(System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(bytes) % span) + min);
    }
}

/// <summary>Signs a text with a stored secret.</summary>
[Activity(Type, Category = "Transform", DisplayName = "Sign text", Kind = ActivityKind.Task, Description = "Makes the HMAC of a text with a stored secret.")]
internal sealed class SignText : OutsideActivity
{
    public const string Type = "Automation.SignText";

    [Input(Order = 0, UIHint = "multiline", Description = "The text; what is no text is taken as JSON.")]
    public Input<object?> Text { get; } = new();

    [Input(Order = 1, OptionsFrom = ChoiceLists.Secrets, Description = "Name of the stored secret.")]
    public Input<string> Secret { get; } = new();

    [Input(Order = 2, UIHint = "dropdown", DefaultValue = "Sha256", Options = ["Sha256", "Sha512", "Sha1"], Description = "The hash of the HMAC; Sha1 only for receivers that know nothing else.")]
    public Input<string?> Algorithm { get; } = new();

    [Input(Order = 3, UIHint = "dropdown", DefaultValue = "Hex", Options = ["Hex", "Base64", "Base64Url"], Description = "How the signature is written.")]
    public Input<string?> Encoding { get; } = new();

    [Output(Description = "The signature.")]
    public Output<object?> Result { get; } = new();

    protected override void Accept(ActivityContext context, IReadOnlyDictionary<string, object?> outputs) => Set(context, Result, outputs, nameof(Result));
}

/// <summary>Does the work of <see cref="SignText"/>.</summary>
internal sealed class SignStep(SecretStore secrets) : IBackgroundActivity
{
    public async Task<OperationResult> RunAsync(BackgroundOperation operation, CancellationToken cancellationToken)
    {
        var inputs = new StepInputs(operation.Inputs);
        try
        {
            if (inputs.Text("Secret").Length == 0)
                throw new FormatException("Secret names no stored secret.");
            var key = Encoding.UTF8.GetBytes(await secrets.ReadAsync(inputs.Text("Secret"), cancellationToken));
            var text = Encoding.UTF8.GetBytes(inputs.Text("Text"));
            var mac = inputs.Text("Algorithm") switch
            {
                "" or "Sha256" => HMACSHA256.HashData(key, text),
                "Sha512" => HMACSHA512.HashData(key, text),
#pragma warning disable CA5350 // Other systems ask for it.
                "Sha1" => HMACSHA1.HashData(key, text),
#pragma warning restore CA5350
                var other => throw new FormatException($"Algorithm is \"{other}\"; allowed are Sha256, Sha512 and Sha1."),
            };
            var signature = inputs.Text("Encoding") switch
            {
                "" or "Hex" => Convert.ToHexStringLower(mac),
                "Base64" => Convert.ToBase64String(mac),
                "Base64Url" => System.Buffers.Text.Base64Url.EncodeToString(mac),
                var other => throw new FormatException($"Encoding is \"{other}\"; allowed are Hex, Base64 and Base64Url."),
            };
            return new OperationResult { Outputs = new Dictionary<string, object?>(StringComparer.Ordinal) { ["Result"] = signature } };
        }
        catch (Exception e) when (e is SecretException or FormatException)
        {
            return new OperationResult { Error = new OperationError(OperationErrorKind.Failed, e.Message, e.GetType().Name) };
        }
    }
}
