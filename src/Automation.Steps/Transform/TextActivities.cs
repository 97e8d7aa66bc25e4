using System.Security.Cryptography;
using System.Text;
using Automation.Steps.Values;
using Automation.Workflows.Activities;
using Automation.Workflows.Execution;

namespace Automation.Steps.Transform;

/// <summary>Hashes, encodes or decodes a text.</summary>
[Activity("Automation.EncodeText", Category = "Transform", DisplayName = "Hash or encode", Description = "Hashes, encodes or decodes a text; what is no text is taken as JSON.")]
internal sealed class EncodeText : TransformActivity
{
    [Input(Order = 0, UIHint = "multiline", Description = "The text.")]
    public Input<object?> Text { get; } = new();

    [Input(Order = 1, UIHint = "dropdown", DefaultValue = "Sha256", Options = ["Sha256", "Sha512", "Md5", "Base64", "FromBase64", "Base64Url", "FromBase64Url", "Hex", "FromHex", "Url", "FromUrl"])]
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
            "FromBase64" => Encoding.UTF8.GetString(Convert.FromBase64String(text)),
            "Base64Url" => System.Buffers.Text.Base64Url.EncodeToString(bytes),
            "FromBase64Url" => Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(text)),
            "Hex" => Convert.ToHexStringLower(bytes),
            "FromHex" => Encoding.UTF8.GetString(Convert.FromHexString(text)),
            "Url" => Uri.EscapeDataString(text),
            "FromUrl" => Uri.UnescapeDataString(text),
            _ => throw new FormatException($"Operation is \"{operation}\", which is not known."),
        };
        Result.Set(context, result);
        context.Complete();
    }
}
