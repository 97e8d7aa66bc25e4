using System.Text.RegularExpressions;
using Automation.Host.Start;

namespace Automation.Host.Tests.Configuration;

public sealed partial class DocumentationTests
{
    private static readonly string Root = ContentRoot.Find("/", AppContext.BaseDirectory);

    [Fact]
    public void Every_setting_is_in_the_documentation()
    {
        var text = File.ReadAllText(Path.Combine(Root, "docs", "configuration.md"));

        var missing = Parts.Sections.SelectMany(s => s.Value.GetProperties().Where(p => p.CanWrite).Select(p => p.Name))
            .Where(name => !Regex.IsMatch(text, $"`(\\w+:)?{name}`", RegexOptions.None, TimeSpan.FromSeconds(1)));

        Assert.Empty(missing);
    }

    [Fact]
    public void Links_between_documents_lead_somewhere()
    {
        var files = Directory.GetFiles(Path.Combine(Root, "docs"), "*.md").Append(Path.Combine(Root, "README.md"));
        var broken = from file in files
                     from Match link in LocalLink().Matches(File.ReadAllText(file))
                     let target = Path.GetFullPath(link.Groups[1].Value, Path.GetDirectoryName(file)!)
                     where !File.Exists(target)
                     select $"{Path.GetFileName(file)}: {link.Groups[1].Value}";

        Assert.Empty(broken);
    }

    [GeneratedRegex(@"\]\((?!https?:)([^)#]+)", RegexOptions.None, 1000)]
    private static partial Regex LocalLink();
}
