import {
  Link,
  Sidebar,
  SidebarDivider,
  SidebarGroup,
  SidebarItem,
  SidebarScrollWrapper,
  SidebarSpace,
  sidebarConfig,
  useSidebarOpenState,
} from '@backstage/core-components';
import { configApiRef, useApi } from '@backstage/core-plugin-api';
import { NavContentBlueprint } from '@backstage/plugin-app-react';
import { NotificationsSidebarItem } from '@backstage/plugin-notifications';
import { SidebarSearchModal } from '@backstage/plugin-search';
import { UserSettingsSignInAvatar } from '@backstage/plugin-user-settings';
import Typography from '@material-ui/core/Typography';
import { makeStyles } from '@material-ui/core/styles';
import MenuIcon from '@material-ui/icons/Menu';
import SearchIcon from '@material-ui/icons/Search';

/** The sidebar: search, the pages of all plugins that the instance shows, notifications and the user. */
export const navigation = NavContentBlueprint.make({
  params: {
    component: ({ navItems }) => {
      const pages = navItems.withComponent(item => (
        <SidebarItem icon={() => item.icon} to={item.href} text={item.title} />
      ));
      // These two have an item that does more than to lead there.
      pages.take('page:search');
      pages.take('page:notifications');
      // It shows how the app is put together, which is for those who write plugins: they know its address.
      pages.take('page:app-visualizer');
      const settings = pages.take('page:user-settings');
      return (
        <Sidebar>
          <Title />
          <SidebarGroup label="Search" icon={<SearchIcon />} to="/search">
            <SidebarSearchModal />
          </SidebarGroup>
          <SidebarDivider />
          <SidebarGroup label="Menu" icon={<MenuIcon />}>
            {pages.take('page:catalog')}
            {pages.take('page:scaffolder')}
            <SidebarDivider />
            <SidebarScrollWrapper>{pages.rest({ sortBy: 'title' })}</SidebarScrollWrapper>
          </SidebarGroup>
          <SidebarSpace />
          <SidebarDivider />
          <NotificationsSidebarItem />
          <SidebarGroup label="Settings" icon={<UserSettingsSignInAvatar />} to="/settings">
            {settings}
          </SidebarGroup>
        </Sidebar>
      );
    },
  },
});

const useTitleStyles = makeStyles({
  root: { height: 3 * sidebarConfig.logoHeight, display: 'flex', alignItems: 'center', paddingLeft: 24 },
  text: { color: '#fff', fontWeight: 700, whiteSpace: 'nowrap', overflow: 'hidden', textOverflow: 'ellipsis' },
});

/** Whose portal it is, in a word when the sidebar is open and in a letter when it is not. */
function Title() {
  const styles = useTitleStyles();
  const { isOpen } = useSidebarOpenState();
  const title = useApi(configApiRef).getOptionalString('app.title') ?? 'Backstage';
  return (
    <div className={styles.root}>
      <Link to="/" underline="none" aria-label={`${title}: home`}>
        <Typography className={styles.text} variant="h5" component="span">
          {isOpen ? title : title.slice(0, 1)}
        </Typography>
      </Link>
    </div>
  );
}
