using System.Text;

namespace Automation.Expressions.Liquid.Values;

/// <summary>A string builder that ends the rendering when the text grows past the limits.</summary>
internal sealed class TextBuilder(RenderContext context)
{
    private readonly StringBuilder _text = new();

    public int Length => _text.Length;

    public void Append(ReadOnlySpan<char> text)
    {
        context.CheckStringLength(_text.Length + (long)text.Length);
        context.Allocate(2L * text.Length);
        context.WorkOn(text.Length);
        _text.Append(text);
    }

    public void Append(char letter) => Append([letter]);

    /// <summary>The text, already counted against the limits.</summary>
    public override string ToString() => _text.ToString();
}
